import { randomUUID } from 'node:crypto';
import { createRulesClassifier } from './classifiers/rules.ts';
import type { Classifiers } from './compose-classifiers.ts';
import type { Config } from './config/load.ts';
import type { Judge } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import { createDecide, type Decide, type DecideDeps } from './routing/decide.ts';
import { explore } from './routing/explore.ts';
import type { Surroundings } from './surroundings.ts';

export interface DecideParts {
  readonly models: readonly ModelSpec[];
  readonly classifiers: Pick<Classifiers, 'pick'>;
  readonly judge: Judge;
  readonly surroundings: Pick<Surroundings, 'clock' | 'logger' | 'random'>;
}

/** How the service decides, and the same without chance for dry runs. */
export function composeDecide(
  config: Config,
  { models, classifiers, judge, surroundings }: DecideParts,
): { readonly decide: Decide; readonly dryRun: Decide } {
  const { clock, logger, random } = surroundings;
  const { doubt_below: doubtBelow, simple_from: simpleFrom } = config.classifier;
  const deciding: DecideDeps = {
    classifier: ({ session }) => classifiers.pick(session),
    fallbackClassifier: createRulesClassifier(),
    judge,
    models,
    unavailable: config.unavailable,
    routes: config.routes,
    expectedOutputTokens: config.execution.expected_output_tokens,
    ...(doubtBelow === undefined ? {} : { doubtBelow }),
    ...(simpleFrom === undefined ? {} : { simpleFrom }),
    clock,
    newId: () => `dec_${randomUUID()}`,
    logger,
  };
  const { rate, allow_down: allowDown } = config.exploration;
  const exploring: Pick<DecideDeps, 'explore'> =
    rate > 0 ? { explore: (tier) => explore(tier, { rate, allowDown }, random()) } : {};
  const classifier: DecideDeps['classifier'] = ({ session, decision }) =>
    classifiers.pick(session ?? decision);
  return { decide: createDecide({ ...deciding, ...exploring, classifier }), dryRun: createDecide(deciding) };
}
