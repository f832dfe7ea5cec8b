/** Validators as they are used: those of the file, those that are there without it, and the secrets of hooks. */
import type { Environment } from './load.ts';
import { nearest } from './problems.ts';
import type { ConfigFile } from './schema.ts';
import { BUILTIN_VALIDATORS, type ValidatorConfig, validator } from './sections/validator.ts';

/** All validators by name; the file's own replace those that are built in. */
export function namedValidators(own: ConfigFile['validators']): Readonly<Record<string, ValidatorConfig>> {
  const builtin = BUILTIN_VALIDATORS.map((type) => [type, validator.parse({ type })] as const);
  return { ...Object.fromEntries(builtin), ...own };
}

/** References to validators and models that lead nowhere, and secrets that are not there. */
export function validatorProblems(file: ConfigFile, models: readonly string[], env: Environment): string[] {
  const names = Object.keys(namedValidators(file.validators));
  const refer = (field: string, name: string, known: readonly string[], what: string): string[] => {
    if (known.includes(name)) return [];
    const meant = nearest(name, known);
    return [`${field}: no ${what} "${name}"${meant ? `, did you mean "${meant}"?` : ''}`];
  };
  const named = (field: string, list: readonly string[]): string[] =>
    list.flatMap((name, position) => refer(`${field}[${position}]`, name, names, 'validator'));
  return [
    ...named('default_validators', file.default_validators),
    ...file.routes.flatMap((route, index) => named(`routes[${index}].validators`, route.validators ?? [])),
    ...Object.entries(file.validators).flatMap(([name, spec]) => {
      if (spec.type === 'llm_judge' && spec.model !== 'auto') {
        return refer(`validators.${name}.model`, spec.model, models, 'model');
      }
      if (spec.type !== 'webhook' || spec.secret_env === undefined || env[spec.secret_env]) return [];
      return [`validators.${name}.secret_env: the environment has no ${spec.secret_env}`];
    }),
  ];
}

/** The secrets that sign what hooks are sent, by the validator's name. Never logged. */
export function hookSecrets(file: ConfigFile, env: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(file.validators).flatMap(([name, spec]) => {
      const secret = spec.type === 'webhook' && spec.secret_env !== undefined && env[spec.secret_env];
      return secret ? [[name, secret]] : [];
    }),
  );
}
