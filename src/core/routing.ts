/** The vocabulary of a routing decision: from the classifier's answer to the record that explains it. */
import type { DialectId, TokenLogprobs, Usage } from './chat.ts';
import type { ErrorCode } from './errors.ts';
import type { PerTier, Tier } from './tier.ts';

/** What tokens cost, USD per million. Reasoning tokens are billed as output. */
export interface UnitPrices {
  readonly input: number;
  readonly output: number;
  /** Defaults to `input` where the provider gives no discount. */
  readonly cachedInput?: number;
  readonly cacheWrite?: number;
  /** Of what is cached for an hour instead of minutes. Defaults to `cacheWrite`. */
  readonly cacheWrite1h?: number;
}

/** Prices with the date they were read. */
export interface Price extends UnitPrices {
  /** What a whole request costs whose prompt has more than so many tokens; the highest bound passed counts. */
  readonly above?: readonly (UnitPrices & { readonly tokens: number })[];
  /** ISO date. */
  readonly asOf: string;
}

export interface Capabilities {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly json: boolean;
  readonly streaming: boolean;
  /** It gives token log-probabilities when asked. Absent: no. */
  readonly logprobs?: boolean;
  /** Honours a JSON schema and not only JSON mode. Absent: as `json`. */
  readonly jsonSchema?: boolean;
  /** Calls several tools in one answer. Absent: as `tools`. */
  readonly parallelTools?: boolean;
}

/** A model as the configuration describes it. */
export interface ModelSpec {
  /** Our id; the caller pins the model with it. */
  readonly id: string;
  /** Id of the provider that serves it. */
  readonly provider: string;
  /** The provider's own name for it. */
  readonly upstreamModel: string;
  readonly tier: Tier;
  /** Absent: the price is unknown and so is every cost computed from it. */
  readonly price?: Price;
  /** Tokens. */
  readonly contextWindow: number;
  readonly maxOutputTokens?: number;
  readonly capabilities: Capabilities;
  /** Body fields its upstream refuses; they are left out and listed as dropped. */
  readonly refuses?: readonly string[];
  /** Other names a caller may pin it by; `*` stands for any text. */
  readonly aliases?: readonly string[];
  /** Declared quality, 0 to 1; absent: nobody says. */
  readonly quality?: number;
  /** The answer has room of its own besides `contextWindow`. Absent: prompt and answer share the window. */
  readonly ownOutputWindow?: boolean;
}

/** What a classifier says of one request. */
export interface Classification {
  /** P(an answer of this tier is good enough); never falls with the tier, 1 at `complex`. */
  readonly sufficiency: PerTier<number>;
  /** Calibrated distribution over the cheapest sufficient tier; sums to 1. */
  readonly probabilities: PerTier<number>;
  readonly tier: Tier;
  /** Calibrated probability that `tier` is right, 0 to 1. */
  readonly confidence: number;
}

export const DECISION_SOURCES = [
  'override',
  'static',
  'rollout',
  'local',
  'nano',
  'fallback',
  'cache',
] as const;
/**
 * Who chose the tier: the caller, a static route or alias, the part of the traffic that is not routed yet, the
 * classifier, the judge, the way up out of doubt, or nobody: the answer came from the response cache.
 */
export type DecisionSource = (typeof DECISION_SOURCES)[number];

export interface GateVerdict {
  readonly sure: boolean;
  /** Confidence below this is doubt, for the predicted tier. */
  readonly threshold: number;
  /** P(simple) from which the simple tier is risked, which `threshold` takes into account; absent: from any. */
  readonly simpleFrom?: number;
}

export type JudgeStatus =
  | 'answered'
  | 'unparsable'
  | 'timeout'
  | 'error'
  | 'breaker_open'
  | 'budget_spent'
  | 'not_configured';

/** The nano judge's answer. `tier` is set exactly when `status` is `answered`. */
export interface JudgeAnswer {
  readonly status: JudgeStatus;
  readonly tier?: Tier;
  /** Model id, absent where no judge is configured. */
  readonly model?: string;
  readonly cached: boolean;
  readonly latencyMs: number;
  readonly usage?: Usage;
  /** USD; null where the price or the usage is unknown. 0 for a cached answer. */
  readonly costUsd: number | null;
}

/** A model the plan would use, in order. */
export interface Candidate {
  readonly model: string;
  readonly provider: string;
  readonly tier: Tier;
  /** USD for this request, from its length and expected output; null where the price is unknown. */
  readonly estimatedCostUsd: number | null;
  readonly reason: string;
}

/** A model the plan leaves out, and why. */
export interface Exclusion {
  readonly model: string;
  readonly tier: Tier;
  readonly reason: string;
}

export const COMMIT_MODES = ['direct', 'prefix', 'buffered'] as const;
/**
 * When a stream is sent on, after which no other model can take over: with its first content (validators then only
 * label), once its beginning has passed those that can judge one (the others label), or once all of it has passed.
 */
export type CommitMode = (typeof COMMIT_MODES)[number];

export interface Plan {
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Exclusion[];
  /** Names of the validators that judge each answer. */
  readonly validators: readonly string[];
  /** The validators are those of every request: a stream does not wait for them, they only label it. */
  readonly validatorsByDefault?: boolean;
  /** Output-token ceiling the route sets, where the caller gave none. */
  readonly maxOutputTokens?: number;
  /** What the route sets; absent: as configured for all. */
  readonly commit?: CommitMode;
}

/** What kept the choice of tier and model within limits, and what that changed. */
export interface DecisionBounds {
  /** Lowest and highest tier that could be chosen. */
  readonly minTier: Tier;
  readonly maxTier: Tier;
  /** Wanted probability (or declared quality) of a good answer, 0 to 1. */
  readonly quality?: number;
  /** Highest estimated cost of an answer, USD. */
  readonly maxCostUsd?: number;
  /** The tier that would have been chosen without the limits; absent where it is the same. */
  readonly movedFrom?: Tier;
  /** What set each limit, in words: `x-router-max-tier: moderate`. */
  readonly from: readonly string[];
  /** The limits that could not hold beside stronger ones, in the same words; absent where all did. */
  readonly yielded?: readonly string[];
  /** The field of life whose decisions the safety floor guards, where it did. */
  readonly safetyTopic?: string;
}

/** What a bundle that decides nothing said of a request. */
export interface ShadowAnswer {
  /** Bundle id. */
  readonly classifier: string;
  readonly tier: Tier;
  readonly confidence: number;
}

/** Everything that was known when the tier was chosen. Written before the first byte of an answer goes out. */
export interface Decision {
  readonly id: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly dialect: DialectId | 'route';
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly tier: Tier;
  readonly confidence: number;
  readonly source: DecisionSource;
  /** Absent where the classifier was skipped. */
  readonly classification?: Classification;
  /** Bundle id, `rules`, or absent where the classifier was skipped. */
  readonly classifier?: string;
  readonly featureVersion: string;
  /** What the classifier read: the request's text as features see it. */
  readonly text: string;
  readonly gate?: GateVerdict;
  readonly judge?: JudgeAnswer;
  readonly plan: Plan;
  /** In order, in plain words. */
  readonly reasons: readonly string[];
  /** Name of the static route that matched. */
  readonly route?: string;
  /**
   * Kind of the call that a coding agent made on its own account (`title`, `safety_check` …); absent for what its
   * user asks. Nothing is learnt from such calls.
   */
  readonly agentCall?: string;
  /** Absent where nothing limited the choice. */
  readonly bounds?: DecisionBounds;
  /** The caller can wait: the provider's batch price would have done. */
  readonly batchEligible?: boolean;
  /** Probability with which this tier was chosen; 1 without exploration. */
  readonly propensity: number;
  /** Exploration moved the tier. Absent in records from before there was exploration. */
  readonly explored?: boolean;
  /** What a second bundle, which decides nothing, said of the request. Added after the decision was written. */
  readonly shadow?: ShadowAnswer;
  /** Estimated prompt length in tokens. */
  readonly inputTokens: number;
  readonly session?: string;
  readonly user?: string;
  /** Label of the caller's API key: a hash, never the key. */
  readonly apiKey?: string;
  /** Milliseconds the decision took. */
  readonly decisionMs: number;
}

/** A check of an answer that asked a model or a service. */
export interface PaidCheck {
  /** Of the validator. */
  readonly name: string;
  /** Model id, where a model was asked. */
  readonly model?: string;
  readonly usage?: Usage;
  /** USD; null where price or usage is unknown. */
  readonly costUsd: number | null;
  readonly latencyMs: number;
}

export type AttemptStatus = 'ok' | 'failed' | 'rejected' | 'cancelled';

/** One call of one model. `rejected`: it answered, and a validator failed the answer. */
export interface Attempt {
  readonly index: number;
  readonly model: string;
  readonly provider: string;
  readonly tier: Tier;
  readonly status: AttemptStatus;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  readonly validator?: { readonly name: string; readonly reason: string };
  /** Paid checks of its answer; their cost is not part of `costUsd`. */
  readonly checks?: readonly PaidCheck[];
  /** Of its answer, where a validator had the model asked for them. */
  readonly logprobs?: TokenLogprobs;
  readonly usage?: Usage;
  /** USD; null where price or usage is unknown. */
  readonly costUsd: number | null;
  readonly latencyMs: number;
  /** Milliseconds to the first content of a stream. */
  readonly firstByteMs?: number;
  /** Request fields the model's dialect cannot express and which were left out. */
  readonly dropped: readonly string[];
}

/** How a request ended. Written when the answer is complete. */
export interface Outcome {
  readonly decisionId: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly status: 'ok' | 'failed' | 'cancelled';
  readonly errorCode?: ErrorCode;
  /** Tier and model that gave the answer; absent where none did. */
  readonly tier?: Tier;
  readonly model?: string;
  readonly escalated: boolean;
  readonly attempts: readonly Attempt[];
  /** Sum over attempts, their checks and judge, USD; null as soon as one part is unknown. */
  readonly costUsd: number | null;
  /** What the same tokens would have cost at the declared other model, 0 where no answer was given; null where unknown. */
  readonly baselineCostUsd: number | null;
  /** That model; absent where none can be named. */
  readonly baselineModel?: string;
  /** Milliseconds from the request's arrival to the end of the answer. */
  readonly latencyMs: number;
}

/** What a person or a program says of one decision. Exactly one of the signals is set. */
export interface FeedbackSignal {
  readonly rating?: 'up' | 'down';
  /** 0 to 1. */
  readonly score?: number;
  /** The tier it should have been. */
  readonly tier?: Tier;
  readonly comment?: string;
  /** Tiers whose answer was tried and measured elsewhere: was it good enough? Names at least one. */
  readonly outcome?: Partial<PerTier<boolean>>;
}

export type FeedbackKind = 'rating' | 'score' | 'tier' | 'comment' | 'outcome';

export interface Feedback extends FeedbackSignal {
  readonly id: string;
  readonly decisionId: string;
  readonly kind: FeedbackKind;
  /** Unix milliseconds. */
  readonly at: number;
  readonly apiKey?: string;
}
