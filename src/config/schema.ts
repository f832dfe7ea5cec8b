/** The strict schema of the configuration file. Defaults stand beside their fields; descriptions become the reference. */
import { z } from 'zod';
import { access, cache } from './sections/access.ts';
import { classifier, exploration } from './sections/classifier.ts';
import { execution } from './sections/execution.ts';
import { judge } from './sections/judge.ts';
import { model } from './sections/model.ts';
import { budgets, money } from './sections/money.ts';
import { policy } from './sections/policy.ts';
import { provider } from './sections/provider.ts';
import { route } from './sections/route.ts';
import { admin, server } from './sections/server.ts';
import { sessions } from './sections/sessions.ts';
import { id } from './sections/shared.ts';
import { store } from './sections/store.ts';
import { BUILTIN_VALIDATORS, validator } from './sections/validator.ts';

export const configSchema = z
  .strictObject({
    server: server.prefault({}),
    access: access.prefault({}),
    store: store.prefault({}),
    cache: cache.prefault({}),
    classifier: classifier.prefault({}),
    judge: judge.prefault({}),
    money: money.prefault({}),
    budgets: budgets.prefault({}),
    admin: admin.prefault({}),
    exploration: exploration.prefault({}),
    sessions: sessions.prefault({}),
    execution: execution.prefault({}),
    builtin_catalog: z
      .boolean()
      .default(true)
      .describe('Start from the built-in providers and models; entries here with the same id replace them.'),
    providers: z.record(id, provider).default({}).describe('Upstreams by id.'),
    models: z.array(model).default([]).describe('Models.'),
    validators: z
      .record(id, validator)
      .default({})
      .describe(
        `Named checks of answers. There without being named here: ${BUILTIN_VALIDATORS.map((name) => `\`${name}\``).join(', ')}.`,
      ),
    default_validators: z
      .array(id)
      .default(['non_empty', 'tool_arguments'])
      .describe(
        'Checks of answers to requests whose route names none. A stream does not wait for them: they only label it.',
      ),
    policy: policy.prefault({}),
    routes: z.array(route).default([]).describe('Static routes, first match wins.'),
  })
  .describe('Configuration of the router.');

/** The file as a user may write it. */
export type ConfigInput = z.input<typeof configSchema>;
/** The file with its defaults filled in. */
export type ConfigFile = z.output<typeof configSchema>;
export type ProviderConfig = z.output<typeof provider>;
export type ModelConfig = z.output<typeof model>;
