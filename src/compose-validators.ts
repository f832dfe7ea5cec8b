import type { Config } from './config/load.ts';
import { unusable } from './config/load.ts';
import type { Validator } from './core/ports.ts';
import { createValidator } from './validators/index.ts';

/** The configured validators by name. Throws ConfigError where a pattern or a schema is of no use. */
export function composeValidators(config: Config): ReadonlyMap<string, Validator> {
  return new Map(
    Object.entries(config.validators).map(([name, spec]) => {
      try {
        return [name, createValidator(name, spec)] as const;
      } catch (error) {
        throw unusable(config, `validators.${name}`, error);
      }
    }),
  );
}
