import { z } from 'zod';
import type { ResponseFormat } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { fitsStrictMode } from '../strict-mode.ts';
import { jsonObject, parseAt, present } from '../validate.ts';

const textConfig = z.looseObject({ format: z.unknown().optional() });
const envelope = z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) });
const schemaFormat = z.looseObject({
  name: z.string().min(1),
  schema: jsonObject,
  strict: z.boolean().nullish(),
});

/** What `text.format` asks for. */
export function decodeTextFormat(value: unknown): ResponseFormat | undefined {
  const config = parseAt(textConfig.nullish(), value, 'text');
  const format = parseAt(envelope.nullish(), config?.format, 'text.format');
  if (format === undefined || format === null) return undefined;
  if (format.type !== 'json_schema') return { type: format.type };
  const { name, schema, strict } = parseAt(schemaFormat, format, 'text.format');
  return { type: 'json_schema', name, schema, ...present({ strict }) };
}

/** `text` for the wire. A schema whose caller said nothing of strictness is enforced wherever strict mode accepts it. */
export function encodeTextFormat(format: ResponseFormat | undefined): JsonObject | undefined {
  if (format === undefined || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { format: { type: 'json_object' } };
  const { name, schema } = format;
  const strict = format.strict ?? (fitsStrictMode(schema) ? true : undefined);
  return { format: { type: 'json_schema', name, schema, ...present({ strict }) } };
}
