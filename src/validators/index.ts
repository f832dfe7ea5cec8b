import type { JsonObject } from '../core/json.ts';
import type { Validator } from '../core/ports.ts';
import { createJsonSchemaValidator, createJsonValidator } from './json.ts';
import { createNonEmptyValidator } from './non-empty.ts';
import { createLabelsValidator, createRegexValidator } from './pattern.ts';

/** What a validator is made from, as the configuration writes it. */
export type ValidatorSpec =
  | { readonly type: 'non_empty' }
  | { readonly type: 'json' }
  | { readonly type: 'json_schema'; readonly schema: JsonObject }
  | { readonly type: 'regex'; readonly pattern: string; readonly flags: string }
  | { readonly type: 'labels'; readonly labels: readonly string[]; readonly case_sensitive: boolean };

/** Builds a validator; throws where a pattern or a schema is not valid. */
export function createValidator(name: string, spec: ValidatorSpec): Validator {
  switch (spec.type) {
    case 'non_empty':
      return createNonEmptyValidator(name);
    case 'json':
      return createJsonValidator(name);
    case 'json_schema':
      return createJsonSchemaValidator(name, spec.schema);
    case 'regex':
      return createRegexValidator(name, spec.pattern, spec.flags);
    case 'labels':
      return createLabelsValidator(name, spec.labels, spec.case_sensitive);
  }
}
