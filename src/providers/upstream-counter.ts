/** Asks an upstream how many tokens a request has, where its format has a way to ask. */
import { type Dispatcher, request as send } from 'undici';
import type { DialectId } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Clock, Dialect, ProviderCall, UpstreamCounter } from '../core/ports.ts';
import { createDeadline } from './deadline.ts';
import type { KeyPool } from './key-pool.ts';
import { readAll, readError } from './read-body.ts';
import { retryAfterOf, transportError } from './upstream-error.ts';
import type { Address } from './wire.ts';

/** Paths below the base URL. */
export const COUNT_PATHS: Readonly<Partial<Record<DialectId, string>>> = {
  'anthropic-messages': '/messages/count_tokens',
  'openai-responses': '/responses/input_tokens',
};

export interface UpstreamCounterOptions {
  readonly id: string;
  readonly dialect: Dialect;
  /** Of the counting endpoint. */
  readonly address: Address;
  readonly keys: KeyPool;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
}

const MAX_ANSWER_BYTES = 64 * 1024;
/** What concerns the answer, which the counting endpoints refuse. */
const NOT_COUNTED: ReadonlySet<string> = new Set([
  'max_tokens',
  'max_output_tokens',
  'stream',
  'metadata',
  'store',
]);

export function createUpstreamCounter(options: UpstreamCounterOptions): UpstreamCounter {
  const { id, dialect, address, keys } = options;

  function bodyOf({ request, upstreamModel }: ProviderCall): JsonObject {
    const { body } = dialect.encodeRequest(request, upstreamModel);
    const sent = Object.keys(body).filter((name) => name in request.raw && !NOT_COUNTED.has(name));
    return { ...Object.fromEntries(sent.map((name) => [name, body[name]])), model: upstreamModel };
  }

  async function ask(call: ProviderCall, signal: AbortSignal, key: string | undefined): Promise<number> {
    const answer = await send(address.url(call.upstreamModel, false), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...address.headers,
        ...call.request.formatHeaders,
        ...address.keyHeaders(key),
        ...options.headers,
      },
      body: JSON.stringify(bodyOf(call)),
      signal,
      dispatcher: options.dispatcher,
    });
    if (answer.statusCode < 200 || answer.statusCode > 299) {
      const retryAfter = retryAfterOf(answer.headers, options.clock.now());
      throw dialect.decodeError(answer.statusCode, await readError(answer.body), retryAfter);
    }
    const malformed = (): RouterError =>
      new RouterError('upstream_malformed', `Provider ${id} did not answer with a count.`);
    const counted: unknown = JSON.parse(await readAll(answer.body, MAX_ANSWER_BYTES, malformed));
    const tokens = isJsonObject(counted) ? counted.input_tokens : undefined;
    if (typeof tokens !== 'number' || !Number.isInteger(tokens) || tokens < 0) throw malformed();
    return tokens;
  }

  return {
    dialect: dialect.id,
    async count(call) {
      const taken = keys.take(call.upstreamModel);
      const deadline = createDeadline(options.timeoutMs);
      const signals = { caller: call.signal, deadline: deadline.signal };
      try {
        return await ask(call, AbortSignal.any([call.signal, deadline.signal]), taken.key);
      } catch (error) {
        throw taken.failed(transportError(error, id, signals));
      } finally {
        deadline.clear();
      }
    },
  };
}
