import type { z } from 'zod';
import { RouterError } from '../core/errors.ts';

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** The deepest issue of a union: the branch that got furthest is the one that was meant. */
function mostTelling(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue;
  const inner = issue.errors
    .flat()
    .map((each) => mostTelling({ ...each, path: [...issue.path, ...each.path] }));
  return inner.reduce<z.core.$ZodIssue>(
    (best, each) => (each.path.length > best.path.length ? each : best),
    inner[0] ?? issue,
  );
}

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
  const [first] = parsed.error.issues;
  const issue = first && mostTelling(first);
  const field = issue ? pathOf(issue.path) : '';
  throw new RouterError(
    'invalid_request',
    `${field === '' ? 'body' : field}: ${issue?.message ?? 'not valid'}.`,
    {
      ...(field === '' ? {} : { field }),
    },
  );
}
