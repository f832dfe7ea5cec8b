import { randomUUID } from 'node:crypto';
import { createRulesClassifier } from './classifiers/rules.ts';
import type { Classifiers } from './compose-classifiers.ts';
import type { Sessions } from './compose-sessions.ts';
import type { Config } from './config/load.ts';
import type { CountTokens, Judge } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import { perTier, type Tier } from './core/tier.ts';
import { createDecide, type Decide, type DecideDeps } from './routing/decide.ts';
import { explore } from './routing/explore.ts';
import { createOutputLengths, type OutputLengths } from './routing/output-lengths.ts';
import { createSafetyFloor } from './routing/policy/safety-floor.ts';
import type { Surroundings } from './surroundings.ts';

export interface DecideParts {
  readonly models: readonly ModelSpec[];
  readonly classifiers: Pick<Classifiers, 'pick'>;
  readonly judge: Judge;
  readonly sessions: Pick<Sessions, 'agentCall' | 'deciding'>;
  readonly countTokens: CountTokens;
  /** Learnt lengths of answers, for tiers whose length is not configured. */
  readonly lengths: Pick<OutputLengths, 'expect'>;
  readonly judgedInVain: NonNullable<DecideDeps['judgedInVain']>;
  readonly surroundings: Pick<Surroundings, 'clock' | 'logger' | 'random'>;
}

/** Lengths of answers, to be learnt from where the configuration begins. */
export function composeOutputLengths({ execution }: Config): OutputLengths {
  return createOutputLengths(perTier(() => execution.expected_output_tokens));
}

function composeSafety({ policy }: Config): Pick<DecideDeps, 'safety'> {
  const { safety_floor: options } = policy;
  if (!options) return {};
  return { safety: { floor: createSafetyFloor(options), overrides: options.overrides } };
}

/** How the service decides, and the same without chance for dry runs. */
export function composeDecide(
  config: Config,
  { models, classifiers, judge, sessions, countTokens, lengths, judgedInVain, surroundings }: DecideParts,
): { readonly decide: Decide; readonly dryRun: Decide } {
  const { clock, logger, random } = surroundings;
  const { doubt_below: doubtBelow, simple_from: simpleFrom } = config.classifier;
  const { expected_output_tokens: configuredLengths } = config.policy;
  const expectedOutput = (tier: Tier): number => configuredLengths[tier] ?? lengths.expect(tier);
  const deciding: DecideDeps = {
    classifier: ({ session }) => classifiers.pick(session),
    fallbackClassifier: createRulesClassifier(),
    judge,
    models,
    unavailable: config.unavailable,
    routes: config.routes,
    policy: config.policy,
    ...sessions.agentCall,
    ...composeSafety(config),
    countTokens,
    judgedInVain,
    expectedOutput,
    expectedOutputTokens: config.execution.expected_output_tokens,
    defaultValidators: config.default_validators,
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
  const dryRun = createDecide(deciding);
  const steady = createDecide({ ...deciding, classifier });
  const decide = createDecide({ ...deciding, ...exploring, classifier });
  return {
    decide: sessions.deciding(decide, steady, expectedOutput),
    dryRun: sessions.deciding(dryRun, dryRun, expectedOutput),
  };
}
