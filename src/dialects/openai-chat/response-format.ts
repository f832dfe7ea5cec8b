import { z } from 'zod';
import type { ResponseFormat } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { jsonObject, parseAt, present } from '../validate.ts';

const envelope = z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) });
const schemaFormat = z.looseObject({
  json_schema: z.looseObject({
    name: z.string().min(1),
    schema: jsonObject.nullish(),
    strict: z.boolean().nullish(),
  }),
});

/** What `response_format` asks for. A JSON schema left out means any object. */
export function decodeResponseFormat(value: unknown): ResponseFormat | undefined {
  const format = parseAt(envelope.nullish(), value, 'response_format');
  if (format === undefined || format === null) return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, schema, strict } = parseAt(schemaFormat, format, 'response_format').json_schema;
  return { type: 'json_schema', name, schema: schema ?? { type: 'object' }, ...present({ strict }) };
}

/** True where the strict mode accepts the schema: every object closed, with all its properties required. */
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

/** A schema whose caller said nothing of strictness is enforced wherever the strict mode accepts it. */
export function encodeResponseFormat(format: ResponseFormat | undefined): JsonObject | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, schema } = format;
  const strict = format.strict ?? (fitsStrictMode(schema) ? true : undefined);
  return { type: 'json_schema', json_schema: present({ name, schema, strict }) };
}
