/** A check made by the user's own service, whose address stands in the configuration and nowhere else. */
import { createHmac } from 'node:crypto';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel';
import { request as send } from 'undici';
import { type ChatRequest, type ChatResponse, type Part, textOf } from '../core/chat.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CheckContext, Clock, Validator, Verdict } from '../core/ports.ts';

export interface WebhookOptions {
  readonly url: string;
  /** Signs what is sent; absent: unsigned. */
  readonly secret?: string;
  readonly timeoutMs: number;
  /** What an answer is where the hook gives no verdict. */
  readonly onError: 'pass' | 'fail';
  /** `text_only`: the last user message and the answer's text. `full`: the whole conversation, tools and calls. */
  readonly send: 'text_only' | 'full';
  readonly breakerFailures: number;
  readonly breakerCooldownMs: number;
  readonly clock: Clock;
}

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REASON_CHARACTERS = 200;

/** A part as the hook gets it: pictures without their data, nothing of another format's own. */
function partFor(part: Part): JsonObject {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: part.type, text: part.text };
    case 'tool_call':
      return { type: part.type, id: part.id, name: part.name, arguments: part.arguments };
    case 'tool_result':
      return { type: part.type, call_id: part.callId, content: part.content.map(partFor) };
    default:
      return { type: part.type };
  }
}

function fullBody(request: ChatRequest, response: ChatResponse): JsonObject {
  return {
    request: {
      messages: request.messages.map(({ role, content }) => ({ role, content: content.map(partFor) })),
      tools: request.tools.map(({ name }) => name),
      ...(request.responseFormat ? { response_format: request.responseFormat.type } : {}),
      ...(request.maxOutputTokens === undefined ? {} : { max_output_tokens: request.maxOutputTokens }),
      metadata: { ...request.metadata },
    },
    response: {
      model: response.model,
      stop_reason: response.stopReason,
      text: textOf(response),
      content: response.content.filter(({ type }) => type !== 'thinking').map(partFor),
    },
  };
}

function textBody(request: ChatRequest, response: ChatResponse): JsonObject {
  const asked = request.messages.findLast(({ role }) => role === 'user');
  return {
    request: { text: textOf({ content: asked?.content ?? [] }) },
    response: { text: textOf(response), stop_reason: response.stopReason },
  };
}

/** `t=<Unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`: the time lets the hook refuse what is replayed. */
export function signature(secret: string, body: string, unixSeconds: number): string {
  const digest = createHmac('sha256', secret).update(`${unixSeconds}.${body}`).digest('hex');
  return `t=${unixSeconds},v1=${digest}`;
}

async function readBounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the hook answered with too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface HookSays {
  readonly ok: boolean;
  readonly reason: string;
  readonly costUsd: number;
}

/** `{ok, reason?, cost_usd?}`; throws on anything else. A service of one's own costs nothing unless it says so. */
function parseSays(text: string): HookSays {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value) || typeof value.ok !== 'boolean') throw new Error('the hook gave no verdict');
  const { reason, cost_usd: cost } = value;
  return {
    ok: value.ok,
    reason:
      typeof reason === 'string' && reason.trim() !== ''
        ? reason.trim().slice(0, MAX_REASON_CHARACTERS)
        : 'no reason given',
    costUsd: typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : 0,
  };
}

/**
 * Passes an answer to which the hook says `{"ok": true}`. Redirects are not followed. No verdict in time, an error or an
 * unreadable answer counts as configured; after some in a row the hook is left alone for a while.
 */
export function createWebhookValidator(name: string, options: WebhookOptions): Validator {
  const { clock } = options;
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: options.breakerCooldownMs,
    breaker: new ConsecutiveBreaker(options.breakerFailures),
  });

  async function post(body: string, { signal }: CheckContext): Promise<HookSays | undefined> {
    const answer = await send(options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-router-validator': name,
        ...(options.secret === undefined
          ? {}
          : { 'x-router-signature': signature(options.secret, body, Math.floor(clock.now() / 1_000)) }),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Error(`the hook answered ${answer.statusCode}`);
    }
    return parseSays(await readBounded(answer.body));
  }

  /** Undefined where the caller went away, which is no fault of the hook. */
  async function ask(body: string, context: CheckContext): Promise<HookSays | undefined> {
    return breaker.execute(async () => {
      try {
        return await post(body, context);
      } catch (error) {
        if (context.signal.aborted) return undefined;
        throw error;
      }
    });
  }

  return {
    name,
    async check(response, request, context): Promise<Verdict> {
      const none: Verdict =
        options.onError === 'pass' ? { ok: true } : { ok: false, reason: 'the hook gave no verdict' };
      if (breaker.state === CircuitState.HalfOpen) return none;
      const started = clock.monotonic();
      try {
        const body = options.send === 'full' ? fullBody(request, response) : textBody(request, response);
        const says = await ask(JSON.stringify(body), context);
        if (!says) return { ok: true };
        const paid = { costUsd: says.costUsd, latencyMs: clock.monotonic() - started };
        return says.ok ? { ok: true, paid } : { ok: false, reason: says.reason, paid };
      } catch {
        return none;
      }
    },
  };
}
