import type { ChatRequest } from '../../src/core/chat.ts';
import type { ModelSpec } from '../../src/core/routing.ts';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import type { RequestContext } from '../../src/routing/context.ts';

/** A one-turn request for `auto`. */
export function requestOf(text: string, over: Partial<ChatRequest> = {}): ChatRequest {
  return {
    dialect: 'openai-chat',
    raw: { model: 'auto', messages: [{ role: 'user', content: text }] },
    model: 'auto',
    messages: [{ role: 'user', content: [{ type: 'text', text }] }],
    tools: [],
    stream: false,
    metadata: {},
    ...over,
  };
}

export function contextOf(over: Partial<RequestContext> = {}): RequestContext {
  return {
    path: '/v1/chat/completions',
    headers: {},
    signal: new AbortController().signal,
    arrived: 0,
    ...over,
  };
}

/** A model that can do everything, priced 1 / 2 USD per million tokens. */
export function modelOf(id: string, tier: Tier, over: Partial<ModelSpec> = {}): ModelSpec {
  return {
    id,
    provider: 'fake',
    upstreamModel: id,
    tier,
    price: { input: 1, output: 2, asOf: '2026-01-01' },
    contextWindow: 100_000,
    capabilities: { tools: true, vision: true, json: true, streaming: true },
    ...over,
  };
}

/** One model a tier, named after it, at 1, 10 and 100 USD per million tokens. */
export function threeModels(): ModelSpec[] {
  return TIERS.map((tier, rank) =>
    modelOf(tier, tier, { price: { input: 10 ** rank, output: 10 ** rank, asOf: '2026-01-01' } }),
  );
}
