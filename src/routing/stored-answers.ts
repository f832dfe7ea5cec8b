/**
 * Which provider holds a stored answer. A request that goes on from one (`previous_response_id`, `conversation`) is
 * understood where that is stored and nowhere else, so that it is never moved to another provider.
 */
import type { ChatRequest } from '../core/chat.ts';
import { RouterError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { Clock, Provider, ProviderCall } from '../core/ports.ts';
import { createLru } from './lru.ts';

export interface StoredAnswers {
  learn(id: string, provider: string): void;
  /** The provider that answered with this id; undefined where this process has not seen it. */
  holderOf(id: string): string | undefined;
}

export interface StoredAnswersOptions {
  /** Ids remembered at most; the one not used for longest goes first. */
  readonly entries: number;
  readonly clock: Pick<Clock, 'now'>;
}

export function createStoredAnswers(options: StoredAnswersOptions): StoredAnswers {
  const holders = createLru<string>(options);
  return { learn: (id, provider) => holders.set(id, provider), holderOf: (id) => holders.get(id) };
}

function idOf(value: JsonValue | undefined): string {
  const id = isJsonObject(value) ? value.id : value;
  return typeof id === 'string' ? id : '';
}

/** Fields that name what is stored. */
const REFERENCES = ['previous_response_id', 'conversation'] as const;

function referencesOf(request: ChatRequest): readonly { readonly field: string; readonly id: string }[] {
  if (request.dialect !== 'openai-responses') return [];
  return REFERENCES.map((field) => ({ field, id: idOf(request.raw[field]) })).filter(({ id }) => id !== '');
}

/**
 * Remembers the ids that the provider answers with, and refuses as `unsupported`, without a call, what goes on from an
 * id that another provider answered with. An id that this process has not seen is left to the provider to know.
 */
export function withStoredAnswers(provider: Provider, answers: StoredAnswers): Provider {
  function check({ request }: ProviderCall): void {
    for (const { field, id } of referencesOf(request)) {
      const holder = answers.holderOf(id);
      if (holder === undefined || holder === provider.id) continue;
      const message = `What ${field} names is stored at provider ${holder}, not at ${provider.id}.`;
      throw new RouterError('unsupported', message, { field, unsent: true });
    }
  }

  function learn(request: ChatRequest, response: JsonObject): void {
    if (request.dialect !== 'openai-responses' || request.raw.store === false) return;
    for (const id of [idOf(response.id), idOf(response.conversation)]) {
      if (id !== '') answers.learn(id, provider.id);
    }
  }

  return {
    ...provider,
    async complete(call) {
      check(call);
      const result = await provider.complete(call);
      const { response } = result;
      if (response.dialect === call.request.dialect) learn(call.request, response.raw);
      return result;
    },
    async stream(call) {
      check(call);
      const result = await provider.stream(call);
      if (result.dialect !== call.request.dialect) return result;
      const { conversation } = call.request.raw;
      async function* frames() {
        for await (const frame of result.frames) {
          for (const event of frame.events) {
            if (event.type === 'start') learn(call.request, { id: event.id, conversation });
          }
          yield frame;
        }
      }
      return { ...result, frames: frames() };
    },
  };
}
