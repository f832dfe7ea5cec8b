import { describe, expect, it } from 'vitest';
import type { ChatEvent, Part } from '../../../src/core/chat.ts';
import { RouterError } from '../../../src/core/errors.ts';
import { createAssembler } from '../../../src/routing/execution/assemble.ts';
import { USAGE } from '../../fakes/provider.ts';

const START: ChatEvent = { type: 'start', id: 'r', model: 'm' };

function assemble(events: readonly ChatEvent[]) {
  const assembler = createAssembler('openai-chat');
  for (const event of [START, ...events]) assembler.add(event);
  return assembler;
}

describe('the response that events spell out', () => {
  const cases: readonly [string, readonly ChatEvent[], readonly Part[]][] = [
    [
      'text',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      [{ type: 'text', text: 'ab' }],
    ],
    [
      'thinking, signed, then text',
      [
        { type: 'thinking', text: 'hm' },
        { type: 'thinking_signature', signature: 's' },
        { type: 'text', text: 'a' },
      ],
      [
        { type: 'thinking', text: 'hm', signature: 's' },
        { type: 'text', text: 'a' },
      ],
    ],
    [
      'two tool calls whose arguments are interleaved',
      [
        { type: 'tool_call', index: 0, id: 'x', name: 'f' },
        { type: 'tool_call', index: 1, id: 'y', name: 'g' },
        { type: 'tool_call_arguments', index: 0, json: '{"a"' },
        { type: 'tool_call_arguments', index: 1, json: '{}' },
        { type: 'tool_call_arguments', index: 0, json: ':1}' },
      ],
      [
        { type: 'tool_call', id: 'x', name: 'f', arguments: '{"a":1}' },
        { type: 'tool_call', id: 'y', name: 'g', arguments: '{}' },
      ],
    ],
    ['a refusal', [{ type: 'refusal', text: 'no' }], [{ type: 'refusal', text: 'no' }]],
    [
      'hidden reasoning',
      [{ type: 'redacted_thinking', data: 'd' }],
      [{ type: 'thinking', text: '', redacted: 'd' }],
    ],
    ['nothing of arguments without a call', [{ type: 'tool_call_arguments', index: 3, json: '{}' }], []],
  ];
  it.each(cases)('%s', (_, events, content) => {
    const assembler = assemble([...events, { type: 'finish', stopReason: 'stop', usage: USAGE }]);
    expect(assembler.response()).toMatchObject({
      id: 'r',
      model: 'm',
      content,
      stopReason: 'stop',
      usage: USAGE,
    });
    expect(assembler.hasContent()).toBe(content.length > 0);
    expect([assembler.ended(), assembler.error()]).toEqual([true, undefined]);
  });

  it('keeps the latest usage and the reason it stopped', () => {
    const assembler = assemble([
      { type: 'finish', stopReason: 'stop_sequence', stopSequence: 'END', usage: USAGE },
    ]);
    expect(assembler.response()).toMatchObject({
      stopReason: 'stop_sequence',
      stopSequence: 'END',
      usage: USAGE,
    });
  });

  it('ends in an error where the stream does', () => {
    const error = new RouterError('upstream_error', 'gone');
    const assembler = assemble([{ type: 'error', error }]);
    expect([assembler.ended(), assembler.error()]).toEqual([true, error]);
  });

  it('is not complete before its end', () => {
    expect(assemble([{ type: 'text', text: 'a' }]).ended()).toBe(false);
  });
});
