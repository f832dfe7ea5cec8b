/** Items of a stream of which its last event tells first, and what only events tell. */
import { expect, it } from 'vitest';
import { lossOf } from '../../../src/core/answer-losses.ts';
import type { ChatEvent } from '../../../src/core/chat.ts';
import { createOpenAiResponsesDialect } from '../../../src/dialects/index.ts';
import { decodeAll } from '../streams.ts';

const dialect = createOpenAiResponsesDialect();

const message = { type: 'message', content: [{ type: 'output_text', text: 'Hi', annotations: [] }] };
const call = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' };
const reasoning = { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] };
const search = { type: 'web_search_call', id: 'ws' };
const saying = { type: 'response.output_text.delta', output_index: 3, content_index: 0, delta: 'Hi' };
const added = (item: object): object => ({ type: 'response.output_item.added', output_index: 0, item });
const done = (item: object): object => ({ type: 'response.output_item.done', output_index: 0, item });

const TEXT: ChatEvent = { type: 'text', text: 'Hi' };
const CALL: readonly ChatEvent[] = [
  { type: 'tool_call', index: 0, id: 'c1', name: 'f' },
  { type: 'tool_call_arguments', index: 0, json: '{}' },
];

function contentOf(events: readonly object[], output: readonly object[]): ChatEvent[] {
  const opening = { type: 'response.created', response: { id: 'r' } };
  const response = { id: 'r', status: 'completed', output };
  const all = decodeAll(dialect, [opening, ...events, { type: 'response.completed', response }]);
  return all.slice(1, -1).filter(({ type }) => type !== 'opaque');
}

it.each<[string, object[], object[], ChatEvent[]]>([
  ['a text of which only the item was added', [added({ ...message, content: [] })], [message], [TEXT]],
  ['a call after a text that came', [saying], [message, call], [TEXT, ...CALL]],
  ['a text after a call that came', [done(call)], [call, message], [...CALL, TEXT]],
  [
    'nothing twice where indexes differ',
    [saying, done(call)],
    [reasoning, message, call].slice(1),
    [TEXT, ...CALL],
  ],
  [
    'a call without arguments',
    [added({ ...call, arguments: '' }), done({ ...call, arguments: '' })],
    [],
    CALL.slice(),
  ],
  ['all of it', [], [reasoning, message], [{ type: 'thinking', text: 'hm' }, TEXT]],
])('tells of %s', (_name, events, output, expected) => {
  expect(contentOf(events, output)).toEqual(expected);
});

it.each<[string, object[], object[], string]>([
  ['an item that came last', [saying], [search, message], 'web_search_call'],
  ['an annotation', [saying, { type: 'response.output_text.annotation.added' }], [message], 'annotations'],
  ['speech', [saying, { type: 'response.output_audio.delta', delta: 'AAAA' }], [message], 'audio'],
])('lists %s', (_name, events, output, loss) => {
  const response = { id: 'r', status: 'completed', output };
  const all = decodeAll(dialect, [...events, { type: 'response.completed', response }]);
  expect(all.map(lossOf)).toContain(loss);
});
