/** What the official clients make of encoded answers and streams. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatEvent, ChatResponse } from '../../src/core/chat.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { streamEvents } from './arbitraries.ts';
import { anthropicAnswered, openAiAnswered, readStreamAs } from './clients.ts';
import { CONTEXT, encodeAll, textOf } from './streams.ts';

const dialects = createDialects();

function callsOf(events: readonly ChatEvent[]): unknown[] {
  return events
    .filter((event) => event.type === 'tool_call')
    .map(({ name, index }) => {
      const json = events.map((e) => (e.type === 'tool_call_arguments' && e.index === index ? e.json : ''));
      return { name, input: JSON.parse(json.join('')) };
    });
}

const STOPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'openai-chat': { stop: 'stop', length: 'length', tool_calls: 'tool_calls' },
  'openai-responses': { stop: 'completed', length: 'max_output_tokens', tool_calls: 'completed' },
  'anthropic-messages': { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use' },
};

describe.each(Object.values(dialects))('the official client of $id', (dialect) => {
  it('reads every encoded stream whole', async () => {
    await fc.assert(
      fc.asyncProperty(streamEvents, async (events) => {
        const end = events.at(-1);
        if (end?.type !== 'finish' || end.usage === undefined) throw new Error('a stream without an end');
        // The chat completions helper raises an error of its own on `length`.
        fc.pre(!(dialect.id === 'openai-chat' && end.stopReason === 'length'));
        expect(await readStreamAs(dialect.id, encodeAll(dialect, events))).toEqual({
          text: textOf(events, 'text'),
          calls: callsOf(events),
          stop: STOPS[dialect.id]?.[end.stopReason],
          tokens: end.usage.inputTokens + end.usage.outputTokens,
        });
      }),
      { numRuns: 40 },
    );
  });
});

describe('an answer of another dialect', () => {
  const response: Omit<ChatResponse, 'dialect'> = {
    raw: {},
    id: 'x',
    model: 'm',
    content: [
      { type: 'thinking', text: 'hm', signature: 'sig' },
      { type: 'text', text: 'Hi' },
      { type: 'tool_call', id: 'c1', name: 'f', arguments: '{"a":1}' },
    ],
    stopReason: 'tool_calls',
  };
  const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

  it('is read by the chat completions client', async () => {
    const body = dialects['openai-chat'].encodeResponse(
      { ...response, dialect: 'anthropic-messages' },
      CONTEXT,
    );
    const read = await openAiAnswered(JSON.stringify(body), 'application/json').chat.completions.create(ask);
    expect(read.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: 'Hi', tool_calls: [{ id: 'c1', function: { name: 'f', arguments: '{"a":1}' } }] },
    });
    expect(JSON.stringify(body)).not.toContain('sig');
  });

  it('is read by the responses client', async () => {
    const body = dialects['openai-responses'].encodeResponse(
      { ...response, dialect: 'anthropic-messages' },
      CONTEXT,
    );
    const client = openAiAnswered(JSON.stringify(body), 'application/json');
    const read = await client.responses.create({ model: 'm', input: 'hi' });
    expect(read).toMatchObject({ status: 'completed', output_text: 'Hi', store: false });
    expect(read.output.map((item) => item.type)).toEqual(['reasoning', 'message', 'function_call']);
    expect(read.output[2]).toMatchObject({ call_id: 'c1', name: 'f', arguments: '{"a":1}' });
    expect(JSON.stringify(body)).not.toContain('"sig"');
  });

  it('is read by the messages client', async () => {
    const body = dialects['anthropic-messages'].encodeResponse(
      { ...response, dialect: 'openai-chat' },
      CONTEXT,
    );
    const client = anthropicAnswered(JSON.stringify(body), 'application/json');
    const read = await client.messages.create({ max_tokens: 1, ...ask });
    expect(read.stop_reason).toBe('tool_use');
    expect(read.content.map((block) => block.type)).toEqual(['thinking', 'text', 'tool_use']);
    expect(read.content[2]).toMatchObject({ id: 'c1', name: 'f', input: { a: 1 } });
    expect(JSON.stringify(body)).not.toContain('"sig"');
  });
});
