import { describe, expect, it } from 'vitest';
import type { ChatRequest, StreamFrame } from '../../src/core/chat.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Provider } from '../../src/core/ports.ts';
import { createStoredAnswers, withStoredAnswers } from '../../src/routing/stored-answers.ts';
import { requestOf } from '../fakes/requests.ts';

function asking(raw: JsonObject, dialect: ChatRequest['dialect'] = 'openai-responses') {
  return {
    request: requestOf('Hi', { dialect, raw }),
    upstreamModel: 'm',
    signal: new AbortController().signal,
  };
}

/** Answers every call with this id. */
function providerOf(id: string, answerId: string, fields: JsonObject = {}): Provider {
  const dialect = 'openai-responses' as const;
  async function* frames(): AsyncGenerator<StreamFrame> {
    yield { raw: 'x', events: [{ type: 'start', id: answerId, model: 'm' }] };
    yield { raw: 'y', events: [{ type: 'finish', stopReason: 'stop' }] };
  }
  const response = { dialect, raw: { id: answerId, ...fields }, id: answerId, model: 'm', content: [] };
  return {
    id,
    complete: async () => ({ response: { ...response, stopReason: 'stop' }, dropped: [] }),
    stream: async () => ({ dialect, dropped: [], frames: frames() }),
  };
}

function pair(fields: JsonObject = {}) {
  const answers = createStoredAnswers({ entries: 2, clock: { now: () => 0 } });
  return {
    answers,
    a: withStoredAnswers(providerOf('a', 'resp_a', fields), answers),
    b: withStoredAnswers(providerOf('b', 'resp_b'), answers),
  };
}

async function drain({ frames }: { frames: AsyncIterable<StreamFrame> }): Promise<string> {
  let text = '';
  for await (const frame of frames) text += frame.raw;
  return text;
}

describe('a request that goes on from a stored answer', () => {
  const refusal = expect.objectContaining({
    code: 'unsupported',
    unsent: true,
    field: 'previous_response_id',
  });

  it.each([false, true])('stays where that is stored (streamed: %s)', async (streamed) => {
    const { a, b } = pair();
    if (streamed) expect(await drain(await a.stream(asking({})))).toBe('xy');
    else await a.complete(asking({}));
    const next = asking({ previous_response_id: 'resp_a' });
    await expect(b.complete(next)).rejects.toEqual(refusal);
    await expect(b.stream(next)).rejects.toEqual(refusal);
    expect((await a.complete(next)).response.id).toBe('resp_a');
  });

  it('stays with its conversation, by name or as an object', async () => {
    const { a, b } = pair({ conversation: { id: 'conv_1' } });
    await a.complete(asking({}));
    for (const conversation of ['conv_1', { id: 'conv_1' }]) {
      await expect(b.complete(asking({ conversation }))).rejects.toMatchObject({ field: 'conversation' });
    }
  });

  it('may go anywhere where nobody here knows the answer', async () => {
    const { b } = pair();
    expect((await b.complete(asking({ previous_response_id: 'resp_x' }))).response.id).toBe('resp_b');
  });

  it.each<[string, JsonObject, ChatRequest['dialect']]>([
    ['the caller had it not stored', { store: false }, 'openai-responses'],
    ['it answered in another format', {}, 'openai-chat'],
  ])('is not expected where %s', async (_name, raw, dialect) => {
    const { a, answers } = pair();
    await a.complete(asking(raw, dialect));
    await drain(await a.stream(asking(raw, dialect)));
    expect(answers.holderOf('resp_a')).toBeUndefined();
  });
});
