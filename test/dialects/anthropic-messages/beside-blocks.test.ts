/** What stands beside the blocks of an answer: listed where it does not cross, and counted. */
import { expect, it } from 'vitest';
import { lossesOf, lossOf } from '../../../src/core/answer-losses.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { createAnthropicMessagesDialect } from '../../../src/dialects/index.ts';
import { decodeAll } from '../streams.ts';

const dialect = createAnthropicMessagesDialect();

function streamOf(delta: JsonObject, beside: JsonObject = {}, start: JsonObject = {}): object[] {
  return [
    { type: 'message_start', message: { id: 'm', content: [], usage: { input_tokens: 1 }, ...start } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', ...delta }, usage: {}, ...beside },
    { type: 'message_stop' },
  ];
}

const container = { id: 'c', expires_at: 'later' };
const stop_details = { type: 'refusal', category: 'cyber', explanation: 'No.' };
const context_management = { applied_edits: [{ type: 'clear_tool_uses_20250919' }] };

it.each<[string, object[], JsonObject]>([
  ['container', streamOf({ container }), { container }],
  ['container', streamOf({}, {}, { container }), { container }],
  ['stop_details', streamOf({ stop_details }), { stop_details }],
  ['context_management', streamOf({}, { context_management }), { context_management }],
])('lists %s', (name, data, fields) => {
  const events = decodeAll(dialect, data);
  expect(events.map(lossOf)).toEqual([undefined, name, undefined]);
  expect(lossesOf(dialect.decodeResponse({ content: [], ...fields }))).toEqual([name]);
});

it('lists nothing where there is nothing', () => {
  const nothing = { container: null, stop_details: null, context_management: { applied_edits: [] } };
  expect(lossesOf(dialect.decodeResponse({ content: [], ...nothing }))).toEqual([]);
});

it('counts what was spent on compacting the conversation, which the totals leave out', () => {
  const iterations = [
    { type: 'compaction', input_tokens: 100, cache_read_input_tokens: 50, output_tokens: 30 },
    { type: 'message', input_tokens: 10, output_tokens: 9 },
  ];
  const usage = { input_tokens: 10, output_tokens: 9, iterations };
  const counted = { inputTokens: 160, cachedInputTokens: 50, outputTokens: 39 };
  expect(dialect.decodeResponse({ content: [], usage }).usage).toMatchObject(counted);
  expect(decodeAll(dialect, streamOf({}, { usage })).at(-1)).toMatchObject({ usage: counted });
});
