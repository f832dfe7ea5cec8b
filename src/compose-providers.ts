/** Upstreams from configuration: each with its codec, breaker and bulkhead; the demo where nothing is configured. */
import { randomUUID } from 'node:crypto';
import { Agent } from 'undici';
import type { Config, ResolvedProvider } from './config/load.ts';
import type { Dialect, Provider } from './core/ports.ts';
import type { ModelSpec } from './core/routing.ts';
import {
  createAnthropicMessagesDialect,
  createOpenAiChatDialect,
  createOpenAiResponsesDialect,
} from './dialects/index.ts';
import { createDemoProvider, DEMO_PROVIDER, demoModels } from './providers/demo.ts';
import { withBreaker, withBulkhead } from './providers/resilience.ts';
import { createUpstream } from './providers/upstream.ts';
import type { Surroundings } from './surroundings.ts';

export interface Providers {
  readonly models: readonly ModelSpec[];
  /** Nothing is configured, the built-in demo provider answers. */
  readonly demo: boolean;
  readonly byId: ReadonlyMap<string, Provider>;
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
  if (provider.dialect === 'openai-responses') return createOpenAiResponsesDialect({ refuses });
  const { output_limit_field: outputLimitField } = provider;
  return createOpenAiChatDialect({ refuses, ...(outputLimitField ? { outputLimitField } : {}) });
}

/** Every provider that can be called, and the models they serve. */
export function composeProviders(config: Config, { clock }: Surroundings): Providers {
  const agent = new Agent({ connect: { timeout: 10_000 }, keepAliveTimeout: 30_000 });
  const { breaker_failures: failures, breaker_cooldown_ms: cooldownMs } = config.execution;
  const compose = (provider: ResolvedProvider): Provider => {
    const upstream = createUpstream({
      id: provider.id,
      dialect: composeDialect(provider, config.models),
      baseUrl: provider.base_url,
      apiKey: () => provider.apiKey,
      headers: provider.headers,
      timeoutMs: provider.timeout_ms,
      firstByteTimeoutMs: provider.first_byte_timeout_ms,
      idleTimeoutMs: provider.idle_timeout_ms,
      dispatcher: agent,
      clock,
    });
    return withBreaker(withBulkhead(upstream, provider.max_concurrent), { failures, cooldownMs });
  };
  const byId = new Map(config.providers.map((provider) => [provider.id, compose(provider)]));
  const demo = config.models.length === 0;
  if (demo) {
    const now = (): number => clock.now();
    byId.set(
      DEMO_PROVIDER,
      createDemoProvider({ dialect: createOpenAiChatDialect(), newId: randomUUID, now }),
    );
  }
  return { models: demo ? demoModels() : config.models, demo, byId, close: () => agent.close() };
}
