import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { textOf } from '../core/chat.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import { createBoundedPattern } from './bounded-pattern.ts';

type Parsed = { readonly value: JsonValue } | { readonly reason: string };

const FENCE = '```';
const OPENING = /^```(?:json)?\s*\n/i;

/** The text without a Markdown fence around the whole of it. */
function unfenced(text: string): string {
  const opening = OPENING.exec(text)?.[0] ?? '';
  const isFenced = opening !== '' && text.endsWith(FENCE) && text.length >= opening.length + FENCE.length;
  return isFenced ? text.slice(opening.length, -FENCE.length).trim() : text;
}

/** Reads one JSON value; a single Markdown fence around it is allowed, as models often write one. */
function parseJson(text: string): Parsed {
  const body = unfenced(text.trim());
  if (body === '') return { reason: 'the answer has no text' };
  try {
    return { value: JSON.parse(body) as JsonValue };
  } catch {
    return { reason: 'the answer is not valid JSON' };
  }
}

/** Passes an answer whose text is one JSON value. */
export function createJsonValidator(name: string): Validator {
  return {
    name,
    check(response): Verdict {
      const parsed = parseJson(textOf(response));
      return 'value' in parsed ? { ok: true } : { ok: false, reason: parsed.reason };
    },
  };
}

/**
 * Passes an answer whose text is JSON that fits a JSON Schema (draft 2020-12).
 * Throws where the schema itself is not valid.
 */
export function createJsonSchemaValidator(name: string, schema: JsonObject): Validator {
  const regExp = Object.assign((pattern: string, flags: string) => createBoundedPattern(pattern, flags), {
    code: 'createBoundedPattern',
  });
  const ajv = new Ajv2020({ allErrors: false, strict: false, code: { regExp } });
  formats.default(ajv);
  const fits = ajv.compile(schema);
  return {
    name,
    check(response): Verdict {
      const parsed = parseJson(textOf(response));
      if (!('value' in parsed)) return { ok: false, reason: parsed.reason };
      try {
        if (fits(parsed.value)) return { ok: true };
      } catch {
        return { ok: false, reason: 'a pattern of the schema takes too long over the answer' };
      }
      const first = fits.errors?.[0];
      return {
        ok: false,
        reason: `the JSON at ${first?.instancePath || '/'} ${first?.message ?? 'does not fit the schema'}`,
      };
    },
  };
}
