import { createValidator, type ValidatorSpec } from '../../src/validators/index.ts';
import { validatorContract } from '../contracts/validator.ts';
import { DEPS } from './deps.ts';

const SPECS: readonly ValidatorSpec[] = [
  { type: 'non_empty' },
  { type: 'complete', at_ceiling: 'fail' },
  { type: 'refusal', max_characters: 600 },
  { type: 'no_repetition' },
  { type: 'json' },
  { type: 'json_schema', schema: { type: 'object', required: ['a'] } },
  { type: 'json_schema' },
  { type: 'tool_arguments' },
  { type: 'regex', pattern: '^(a+)+$', flags: '' },
  { type: 'labels', labels: ['yes', 'no'], case_sensitive: false },
  { type: 'length', unit: 'words', min: 1, max: 5 },
  { type: 'confidence', min_mean_logprob: -1, min_tokens: 5 },
];

for (const spec of SPECS) {
  validatorContract(JSON.stringify(spec), () => createValidator('v', spec, DEPS));
}
