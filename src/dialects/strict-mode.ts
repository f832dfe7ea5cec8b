import { isJsonObject, type JsonValue } from '../core/json.ts';

/** True where OpenAI's strict mode accepts the schema: every object closed, with all its properties required. */
export function fitsStrictMode(schema: JsonValue | undefined): boolean {
  if (Array.isArray(schema)) return schema.every(fitsStrictMode);
  if (!isJsonObject(schema)) return true;
  if (schema.type === 'object' || isJsonObject(schema.properties)) {
    const names = Object.keys(isJsonObject(schema.properties) ? schema.properties : {});
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false || names.some((name) => !required.includes(name))) return false;
  }
  return Object.values(schema).every(fitsStrictMode);
}
