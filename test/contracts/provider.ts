/** What core/ports.ts promises of every Provider. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatEvent, ChatRequest } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import type { Provider, ProviderCall } from '../../src/core/ports.ts';
import { requestOf } from '../fakes/requests.ts';

export interface ProviderUnderTest {
  readonly provider: Provider;
  /** A model it serves, by the upstream's name. */
  readonly model: string;
  readonly close: () => Promise<void>;
}

export async function eventsOf(
  frames: AsyncIterable<{ events: readonly ChatEvent[] }>,
): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const frame of frames) events.push(...frame.events);
  return events;
}

const isEnd = ({ type }: ChatEvent): boolean => type === 'finish' || type === 'error';

/** Runs the contract. `open` gives a provider whose upstream answers every request with some words. */
export function providerContract(name: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`the contract of a provider: ${name}`, () => {
    let under: ProviderUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    const callOf = (
      over: Partial<ChatRequest> = {},
      signal = new AbortController().signal,
    ): ProviderCall => ({
      request: requestOf('say something', {
        raw: {
          model: 'auto',
          messages: [{ role: 'user', content: 'say something' }],
          ...(over.stream ? { stream: true } : {}),
        },
        ...over,
      }),
      upstreamModel: under.model,
      signal,
    });

    it('answers with content, a stop reason and its usage', async () => {
      const { response, dropped } = await under.provider.complete(callOf());
      expect(response.content.some((part) => part.type === 'text' && part.text !== '')).toBe(true);
      expect(response).toMatchObject({ model: under.model, stopReason: 'stop' });
      expect(response.id).not.toBe('');
      expect(response.usage?.outputTokens).toBeGreaterThan(0);
      expect(dropped).toEqual([]);
    });

    it('streams one start, then content, then one end and nothing after it', async () => {
      const stream = await under.provider.stream(callOf({ stream: true }));
      const events = await eventsOf(stream.frames);
      expect(events[0]).toMatchObject({ type: 'start', model: under.model });
      expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
      expect(events.filter(({ type }) => type === 'text').length).toBeGreaterThan(1);
      expect(events.filter(isEnd)).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: 'finish', stopReason: 'stop' });
    });

    it('says the same whole and streamed, usage included', async () => {
      const { response } = await under.provider.complete(callOf());
      const stream = await under.provider.stream(callOf({ stream: true, includeUsage: true }));
      const events = await eventsOf(stream.frames);
      const text = events.map((event) => (event.type === 'text' ? event.text : '')).join('');
      expect(response.content).toEqual([{ type: 'text', text }]);
      expect(events.at(-1)).toMatchObject({ usage: response.usage });
      expect(stream.dialect).toBe(response.dialect);
    });

    it('rejects with client_closed where the caller is gone before', async () => {
      for (const begin of [
        () => under.provider.complete(callOf({}, AbortSignal.abort())),
        () => under.provider.stream(callOf({ stream: true }, AbortSignal.abort())),
      ]) {
        const error = await begin().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(RouterError);
        expect(error).toMatchObject({ code: 'client_closed' });
      }
    });

    it('ends with the error that its signal was aborted with', async () => {
      const late = new RouterError('upstream_timeout', 'too late');
      const aborted = AbortSignal.abort(late);
      await expect(under.provider.complete(callOf({}, aborted))).rejects.toBe(late);
      const deadline = new AbortController();
      const stream = await under.provider.stream(callOf({ stream: true }, deadline.signal));
      const events: ChatEvent[] = [];
      for await (const frame of stream.frames) {
        events.push(...frame.events);
        deadline.abort(late);
      }
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_timeout' } });
    });

    it('ends a stream in an error event when the caller goes away in its middle', async () => {
      const client = new AbortController();
      const stream = await under.provider.stream(callOf({ stream: true }, client.signal));
      const events: ChatEvent[] = [];
      for await (const frame of stream.frames) {
        events.push(...frame.events);
        client.abort();
      }
      expect(events.filter(isEnd)).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ type: 'error', error: { code: 'client_closed' } });
    });

    it('lets its reader stop early', async () => {
      const stream = await under.provider.stream(callOf({ stream: true }));
      for await (const frame of stream.frames) if (frame.events.length > 0) break;
      const { response } = await under.provider.complete(callOf());
      expect(response.stopReason).toBe('stop');
    });
  });
}
