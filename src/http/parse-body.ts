import type { z } from 'zod';
import { RouterError } from '../core/errors.ts';
import { fieldPath } from '../core/json.ts';

/** Checks a body or a query; throws `invalid_request` that names the field and what is allowed. */
export function parseBody<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  if (typeof value !== 'object' || value === null) {
    throw new RouterError(
      'invalid_request',
      'The body must be a JSON object, sent with content-type application/json.',
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue ? fieldPath(issue.path) : '';
  throw new RouterError(
    'invalid_request',
    `${field === '' ? 'body' : field}: ${issue?.message ?? 'not valid'}.`,
    {
      ...(field === '' ? {} : { field }),
    },
  );
}
