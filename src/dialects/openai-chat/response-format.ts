import { z } from 'zod';
import type { ResponseFormat } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { fitsStrictMode } from '../strict-mode.ts';
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

/** A schema whose caller said nothing of strictness is enforced wherever the strict mode accepts it. */
export function encodeResponseFormat(format: ResponseFormat | undefined): JsonObject | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, schema } = format;
  const strict = format.strict ?? (fitsStrictMode(schema) ? true : undefined);
  return { type: 'json_schema', json_schema: present({ name, schema, strict }) };
}
