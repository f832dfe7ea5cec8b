/** Upstreams from configuration: each with its codec, breaker and bulkhead; the demo where nothing is configured. */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import { type Config, ConfigError, type ResolvedProvider } from './config/load.ts';
import type { ProviderHealth } from './core/health.ts';
import type { JsonObject } from './core/json.ts';
import type { Dialect, Provider, UpstreamCounter } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import {
  createAnthropicMessagesDialect,
  createOpenAiChatDialect,
  createOpenAiResponsesDialect,
} from './dialects/index.ts';
import { withBreaker } from './providers/breaker.ts';
import { withBulkhead } from './providers/bulkhead.ts';
import { createDemoProvider, DEMO_PROVIDER, demoModels } from './providers/demo.ts';
import { createKeyPool } from './providers/key-pool.ts';
import { createUpstream } from './providers/upstream.ts';
import {
  COUNT_PATHS,
  createUpstreamCounter,
  type UpstreamCounterOptions,
} from './providers/upstream-counter.ts';
import { createAddress } from './providers/wire.ts';
import type { Surroundings } from './surroundings.ts';

export interface Providers {
  readonly models: readonly ModelSpec[];
  /** Nothing is configured, the built-in demo provider answers. */
  readonly demo: boolean;
  readonly byId: ReadonlyMap<string, Provider>;
  /** By id of the provider, for those whose format can be asked for a count. */
  readonly counters: ReadonlyMap<string, UpstreamCounter>;
  /** As it is now, of every provider that serves a model. */
  readonly health: () => readonly ProviderHealth[];
  readonly close: () => Promise<void>;
}

/** The codec of a provider, with what it and its models refuse. */
function composeDialect(provider: ResolvedProvider, models: readonly ModelSpec[]): Dialect {
  const refused = new Map(
    models
      .filter((model) => model.provider === provider.id)
      .map((model) => [model.upstreamModel, [...provider.refuses, ...(model.refuses ?? [])]]),
  );
  const refuses = (upstreamModel: string): readonly string[] =>
    refused.get(upstreamModel) ?? provider.refuses;
  if (provider.dialect === 'anthropic-messages') return createAnthropicMessagesDialect({ refuses });
  const { output_limit_field: outputLimitField, reasoning_summary: reasoningSummary } = provider;
  if (provider.dialect === 'openai-responses')
    return createOpenAiResponsesDialect({ refuses, ...(reasoningSummary ? { reasoningSummary } : {}) });
  return createOpenAiChatDialect({ refuses, ...(outputLimitField ? { outputLimitField } : {}) });
}

interface ComposedProvider {
  readonly provider: Provider;
  readonly counter: UpstreamCounter | undefined;
  readonly health: () => ProviderHealth;
  readonly close: () => Promise<void>;
}

/** Most that a count may take; the tokenizer stands by. */
const COUNT_TIMEOUT_MS = 5_000;

/** Undefined where the format has no such endpoint, or the provider keeps it nobody knows where. */
function composeCounter(
  spec: ResolvedProvider,
  parts: Pick<UpstreamCounterOptions, 'dialect' | 'keys' | 'dispatcher' | 'clock'>,
): UpstreamCounter | undefined {
  const path = COUNT_PATHS[spec.dialect];
  if (path === undefined || spec.path !== undefined) return undefined;
  const { base_url: baseUrl, query, auth } = spec;
  const address = createAddress({ dialect: spec.dialect, baseUrl, path, query, auth });
  const { id, headers } = spec;
  return createUpstreamCounter({ ...parts, id, address, headers, timeoutMs: COUNT_TIMEOUT_MS });
}

/** One upstream: its keys, its connections, and what guards it. */
function composeProvider(spec: ResolvedProvider, config: Config, { clock }: Surroundings): ComposedProvider {
  const { breaker_failures: failures, breaker_cooldown_ms: cooldownMs } = config.execution;
  const agent = new Agent({ connect: { timeout: spec.connect_timeout_ms }, keepAliveTimeout: 30_000 });
  const keys = createKeyPool({
    provider: spec.id,
    keys: spec.apiKeys,
    cooldownMs: spec.key_cooldown_ms,
    clock,
  });
  const dialect = composeDialect(spec, config.models);
  const upstream = createUpstream({
    id: spec.id,
    dialect,
    address: createAddress({
      dialect: spec.dialect,
      baseUrl: spec.base_url,
      path: spec.path,
      streamPath: spec.stream_path,
      query: spec.query,
      auth: spec.auth,
    }),
    keys,
    headers: spec.headers,
    modelInBody: spec.model_in_body,
    extraBody: spec.extra_body as JsonObject,
    timeoutMs: spec.timeout_ms,
    streamTimeoutMs: spec.stream_timeout_ms,
    firstByteTimeoutMs: spec.first_byte_timeout_ms,
    idleTimeoutMs: spec.idle_timeout_ms,
    dispatcher: agent,
    clock,
  });
  // Outermost first: an open breaker refuses at once, a full bulkhead lets wait.
  const bounded = withBulkhead(upstream, { concurrent: spec.max_concurrent, queued: spec.max_queued });
  const provider = withBreaker(bounded, { failures, cooldownMs, now: () => clock.now() });
  return {
    provider,
    counter: composeCounter(spec, { dialect, keys, dispatcher: agent, clock }),
    health: () => {
      const breaker = provider.health();
      const callable = breaker.state !== 'open' && keys.callable();
      return { provider: spec.id, breaker, ...bounded.load(), keys: keys.health(), callable };
    },
    close: () => agent.close(),
  };
}

/** A configuration that names upstreams and cannot call one is a mistake that the demo would hide. */
function refuseDemo({ file, namesUpstreams, unavailable }: Config): void {
  if (!namesUpstreams) return;
  const variables = [...new Set(unavailable.map(({ missing }) => missing))].join(', ');
  const wanting = variables === '' ? 'no model is named' : `not one of these is set: ${variables}`;
  throw new ConfigError(file ?? 'The configuration', [
    `models: none can be called, ${wanting}. Without any providers and models of your own the demo answers.`,
  ]);
}

/** Every provider that can be called, and the models they serve. Throws ConfigError where some are named and none can. */
export function composeProviders(config: Config, surroundings: Surroundings): Providers {
  const serving = new Set(config.models.map((model) => model.provider));
  const demo = config.models.length === 0;
  if (demo) refuseDemo(config);
  const composed = config.providers.map((spec) => composeProvider(spec, config, surroundings));
  const byId = new Map<string, Provider>(composed.map(({ provider }) => [provider.id, provider]));
  if (demo) {
    const now = (): number => surroundings.clock.now();
    byId.set(
      DEMO_PROVIDER,
      createDemoProvider({ dialect: createOpenAiChatDialect(), newId: randomUUID, now }),
    );
  }
  return {
    models: demo ? demoModels() : config.models,
    demo,
    byId,
    counters: new Map(composed.flatMap(({ provider, counter }) => (counter ? [[provider.id, counter]] : []))),
    health: () => composed.filter(({ provider }) => serving.has(provider.id)).map(({ health }) => health()),
    close: async () => {
      await Promise.all(composed.map(({ close }) => close()));
    },
  };
}
