/** JSON Schemas compiled and applied within bounds: those of the configuration, and those that requests bring along. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { LRUCache } from 'lru-cache';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { TimeLimit } from './time-limit.ts';

/** Longest that one schema may take over one value, milliseconds. */
const CHECK_MS = 100;
/** Longest that a request's schema may take to be compiled, milliseconds. */
const COMPILE_MS = 200;
/** A request's schema of more characters than this is not looked at. */
const MAX_CHARACTERS = 64_000;
const KEPT_SCHEMAS = 200;

/** What is wrong with the value, in words without the value itself; undefined where it fits. Throws TooSlow. */
export type Misfit = (value: JsonValue) => string | undefined;

function misfitOf(fits: ValidateFunction, withinTime: TimeLimit): Misfit {
  return (value) => {
    if (withinTime(() => fits(value), CHECK_MS)) return undefined;
    const first = fits.errors?.[0];
    return `at ${first?.instancePath || '/'} ${first?.message ?? 'does not fit the schema'}`;
  };
}

/** Compiles a schema of the configuration (draft 2020-12, formats checked). Throws where it is not valid. */
export function compileSchema(schema: JsonObject, withinTime: TimeLimit): Misfit {
  const ajv = new Ajv2020({ allErrors: false, strict: false });
  formats.default(ajv);
  return misfitOf(ajv.compile(schema), withinTime);
}

/** The check that a request's schema makes; undefined where the schema is of no use, which is not the answer's fault. */
export type RequestSchemas = (schema: JsonObject) => Misfit | undefined;

/**
 * Compiles the schemas that requests bring along, and keeps the latest. Formats are annotations there, and drafts may be
 * mixed: what cannot be compiled, is too long or takes too long is of no use. Each schema has a compiler of its own, so
 * that nothing of it outlives it.
 */
export function createRequestSchemas(withinTime: TimeLimit): RequestSchemas {
  const kept = new LRUCache<string, { readonly misfit?: Misfit }>({ max: KEPT_SCHEMAS });
  const compile = (text: string): { readonly misfit?: Misfit } => {
    try {
      const { $schema: _, ...schema } = JSON.parse(text) as JsonObject;
      const ajv = new Ajv2020({
        allErrors: false,
        strict: false,
        meta: false,
        validateSchema: false,
        validateFormats: false,
        logger: false,
      });
      return {
        misfit: misfitOf(
          withinTime(() => ajv.compile(schema), COMPILE_MS),
          withinTime,
        ),
      };
    } catch {
      return {};
    }
  };
  return (schema) => {
    const text = JSON.stringify(schema);
    if (text.length > MAX_CHARACTERS) return undefined;
    const known = kept.get(text) ?? compile(text);
    kept.set(text, known);
    return known.misfit;
  };
}
