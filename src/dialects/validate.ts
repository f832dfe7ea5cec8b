import { z } from 'zod';
import type { ErrorCode } from '../core/errors.ts';
import { RouterError } from '../core/errors.ts';
import { fieldPath, isJsonObject, type JsonObject } from '../core/json.ts';

/** A plain JSON object whose fields are not looked at. */
export const jsonObject = z.custom<JsonObject>(isJsonObject, {
  error: (issue) => `${issue.input === undefined ? 'is required and ' : ''}must be an object`,
});

/** A plain JSON object with a `type`, as content parts and tools are. */
export const typedObject = z.custom<JsonObject & { type: string }>(
  (value) => isJsonObject(value) && typeof value.type === 'string',
  { error: 'must be an object with a type' },
);

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
};

/** What is allowed, in words that follow the name of the field. */
function allowed(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type': {
      const must = `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
      return issue.input === undefined ? `is required and ${must}` : must;
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? `must be at least ${issue.minimum}`
        : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return 'is not valid';
  }
}

/**
 * Checks a value against a schema. Throws a RouterError of the given code whose message names the field
 * (`path` and what is below it) and what is allowed there; never quotes the value.
 */
export function parseAt<S extends z.ZodType>(
  schema: S,
  value: unknown,
  path: string,
  code: ErrorCode = 'invalid_request',
): z.output<S> {
  const result = schema.safeParse(value, { error: allowed });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = fieldPath(issue?.path ?? [], path);
  const where = field === '' ? 'The body' : field;
  const prefix = code === 'upstream_malformed' ? 'The model provider sent an unreadable answer: ' : '';
  throw new RouterError(code, `${prefix}${where} ${issue?.message ?? 'is not valid'}.`, {
    ...(field === '' ? {} : { field }),
  });
}

/** Deepest nesting of a body: far beyond any real one, and safe for recursive readers. */
const MAX_DEPTH = 256;

function isTooDeep(body: JsonObject): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  return false;
}

/** A whole body: a JSON object of bearable depth. Throws a RouterError of the given code. */
export function parseBody(body: unknown, code: ErrorCode = 'invalid_request'): JsonObject {
  if (body === undefined) {
    throw new RouterError(code, 'The body must be a JSON object, sent with content-type application/json.');
  }
  const object = parseAt(jsonObject, body, '', code);
  if (isTooDeep(object))
    throw new RouterError(code, `The body must not nest deeper than ${MAX_DEPTH} levels.`);
  return object;
}

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** A copy without the undefined and null entries, so that absent means absent. */
export function present<T extends object>(fields: T): Present<T> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(entries) as Present<T>;
}
