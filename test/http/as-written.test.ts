import { describe, expect, it } from 'vitest';
import { asWritten } from '../../src/http/as-written.ts';

describe('the name of a dropped field', () => {
  it.each([
    ['topP', { top_p: 0.5 }, 'top_p'],
    ['maxOutputTokens', { max_tokens: 5 }, 'max_tokens'],
    ['maxOutputTokens', { max_output_tokens: 5, max_tokens: 5 }, 'max_output_tokens'],
    ['responseFormat', { text: {} }, 'text'],
    ['stop', { stop_sequences: ['x'] }, 'stop_sequences'],
    ['reasoning', { reasoning_effort: 'low' }, 'reasoning_effort'],
    ['topP', {}, 'topP'],
    ['messages[1].thinking', { thinking: {} }, 'messages[1].thinking'],
    ['toString', {}, 'toString'],
  ])('%s of %j is %s', (name, body, written) => {
    expect(asWritten(name, body)).toBe(written);
  });
});
