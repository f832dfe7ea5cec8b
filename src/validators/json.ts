import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import { textOf } from './text-of.ts';

type Parsed = { readonly value: JsonValue } | { readonly reason: string };

const FENCE = /^```(?:json)?\s*\n([\s\S]*?)\n?```$/i;

/** Reads one JSON value; a single Markdown fence around it is allowed, as models often write one. */
function parseJson(text: string): Parsed {
  const trimmed = text.trim();
  const body = FENCE.exec(trimmed)?.[1] ?? trimmed;
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
  const ajv = new Ajv2020({ allErrors: false, strict: false });
  formats.default(ajv);
  const fits = ajv.compile(schema);
  return {
    name,
    check(response): Verdict {
      const parsed = parseJson(textOf(response));
      if (!('value' in parsed)) return { ok: false, reason: parsed.reason };
      if (fits(parsed.value)) return { ok: true };
      const first = fits.errors?.[0];
      return {
        ok: false,
        reason: `the JSON at ${first?.instancePath || '/'} ${first?.message ?? 'does not fit the schema'}`,
      };
    },
  };
}
