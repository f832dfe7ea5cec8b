/** The built-in provider of a fresh install: real in every part except that no model is called, and it says so. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ChatEvent, ChatRequest, StreamFrame, Usage } from '../core/chat.ts';
import { abortedBy } from '../core/errors.ts';
import type { Dialect, Provider } from '../core/ports.ts';
import type { ModelSpec } from '../core/routing.ts';
import { TIERS } from '../core/tier.ts';

/** Id of the provider and prefix of its models. */
export const DEMO_PROVIDER = 'demo';

/** One demo model a tier. They cost nothing because nothing is called. */
export function demoModels(): ModelSpec[] {
  return TIERS.map((tier) => ({
    id: `demo-${tier}`,
    provider: DEMO_PROVIDER,
    upstreamModel: `demo-${tier}`,
    tier,
    price: { input: 0, output: 0, asOf: '2026-01-01' },
    contextWindow: 1_000_000,
    capabilities: { tools: true, vision: true, json: true, streaming: true },
  }));
}

function answerText(request: ChatRequest, model: string): string {
  const tier = model.replace(/^demo-/, '');
  const text =
    `This is the built-in demo provider: no language model was called. ` +
    `Your request was routed to the ${tier} tier (${model}). ` +
    `Set OPENAI_API_KEY, ANTHROPIC_API_KEY or another provider's key, or name a local server in router.config.yaml, to get real answers.`;
  const format = request.responseFormat?.type ?? 'text';
  return format === 'text' ? text : JSON.stringify({ demo: true, tier, message: text });
}

/** Four characters a token, which is all a demo needs. */
function usageOf(request: ChatRequest, text: string): Usage {
  const read = request.messages.flatMap((message) => message.content);
  const characters = read.reduce((sum, part) => sum + ('text' in part ? part.text.length : 0), 0);
  return {
    inputTokens: Math.ceil(characters / 4),
    outputTokens: Math.ceil(text.length / 4),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
}

export interface DemoOptions {
  /** Chat completions, the wire format of its answers. */
  readonly dialect: Dialect;
  readonly newId: () => string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export function createDemoProvider(options: DemoOptions): Provider {
  const { dialect } = options;
  async function* frames(
    request: ChatRequest,
    model: string,
    signal: AbortSignal,
  ): AsyncGenerator<StreamFrame> {
    const encoder = dialect.streamEncoder({
      createdAt: Math.floor(options.now() / 1_000),
      includeUsage: request.includeUsage ?? false,
    });
    const text = answerText(request, model);
    const pieces = text.match(/\S+\s*/g) ?? [];
    const events: ChatEvent[] = [
      { type: 'start', id: `demo-${options.newId()}`, model },
      ...pieces.map((piece) => ({ type: 'text' as const, text: piece })),
      { type: 'finish', stopReason: 'stop', usage: usageOf(request, text) },
    ];
    for (const event of events) {
      if (signal.aborted) {
        yield { raw: '', events: [{ type: 'error', error: abortedBy(signal) }] };
        return;
      }
      yield { raw: encoder.encode(event), events: [event] };
      await nextTurn();
    }
  }

  return {
    id: DEMO_PROVIDER,
    async complete({ request, upstreamModel, signal }) {
      if (signal.aborted) throw abortedBy(signal);
      const text = answerText(request, upstreamModel);
      const usage = usageOf(request, text);
      const raw = {
        id: `demo-${options.newId()}`,
        object: 'chat.completion',
        created: Math.floor(options.now() / 1_000),
        model: upstreamModel,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: text, refusal: null },
            logprobs: null,
            finish_reason: 'stop',
          },
        ],
        usage: {
          prompt_tokens: usage.inputTokens,
          completion_tokens: usage.outputTokens,
          total_tokens: usage.inputTokens + usage.outputTokens,
        },
      };
      return { response: dialect.decodeResponse(raw), dropped: [] };
    },
    async stream({ request, upstreamModel, signal }) {
      if (signal.aborted) throw abortedBy(signal);
      return { dialect: dialect.id, dropped: [], frames: frames(request, upstreamModel, signal) };
    },
  };
}
