import { z } from 'zod';
import type { ResponseFormat } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { jsonObject, parseAt } from '../validate.ts';

/** The name a schema gets, since this dialect gives it none and others ask for one. */
const SCHEMA_NAME = 'response';

const format = z.looseObject({ type: z.literal('json_schema'), schema: jsonObject });
const outputConfig = z.looseObject({ effort: z.string().nullish(), format: z.unknown().optional() });

/** What `output_config` asks for. */
export function decodeOutputConfig(value: unknown): { effort?: string; responseFormat?: ResponseFormat } {
  const config = parseAt(outputConfig.nullish(), value, 'output_config');
  const body = parseAt(format.nullish(), config?.format, 'output_config.format');
  return {
    ...(config?.effort ? { effort: config.effort } : {}),
    ...(body ? { responseFormat: { type: 'json_schema', name: SCHEMA_NAME, schema: body.schema } } : {}),
  };
}

/** Keywords whose values are data, not schemas. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'examples']);

/** The schema with every object closed where it does not say, as the format demands. */
function closeObjects(schema: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(schema)) return schema.map((item) => closeObjects(item) ?? null);
  if (!isJsonObject(schema)) return schema;
  const closed: JsonObject = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, DATA_KEYWORDS.has(key) ? value : closeObjects(value)]),
  );
  const isOpen = schema.type === 'object' && schema.additionalProperties === undefined;
  return isOpen ? { ...closed, additionalProperties: false } : closed;
}

/** `output_config.format` for a JSON schema; other formats have no place there. */
export function encodeOutputFormat(responseFormat: ResponseFormat | undefined): JsonObject | undefined {
  if (responseFormat?.type !== 'json_schema') return undefined;
  return { type: 'json_schema', schema: closeObjects(responseFormat.schema) };
}
