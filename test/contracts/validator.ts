/** What core/ports.ts promises of every Validator. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatResponse, Part, StopReason } from '../../src/core/chat.ts';
import type { Validator } from '../../src/core/ports.ts';
import { requestOf } from '../fakes/requests.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '',
    ' \n',
    'I’m sorry, but I cannot help with that.',
    '```json\n{"a": 1',
    'ab '.repeat(300),
    '{'.repeat(2_000),
  ),
);
const part: fc.Arbitrary<Part> = fc.oneof(
  text.map((value): Part => ({ type: 'text', text: value })),
  text.map((value): Part => ({ type: 'refusal', text: value })),
  text.map((value): Part => ({ type: 'thinking', text: value })),
  fc
    .record({ name: fc.constantFrom('f', 'g', ''), json: text })
    .map(({ name, json }): Part => ({ type: 'tool_call', id: 'c', name, arguments: json })),
);
const STOPS: readonly StopReason[] = ['stop', 'length', 'tool_calls', 'content_filter', 'refusal', 'pause'];
const answer: fc.Arbitrary<ChatResponse> = fc
  .record({ content: fc.array(part, { maxLength: 4 }), stopReason: fc.constantFrom(...STOPS) })
  .map((drawn) => ({ dialect: 'openai-chat', raw: {}, id: 'r', model: 'm', ...drawn }));
const asked = fc.oneof(
  fc.constant(requestOf('Was ist die Hauptstadt von Frankreich?')),
  fc.json({ maxDepth: 2 }).map((schema) =>
    requestOf('hi', {
      tools: [{ type: 'function', name: 'f', parameters: { anything: schema } }],
      responseFormat: { type: 'json_schema', name: 's', schema: { $ref: '#/nowhere' } },
    }),
  ),
);

/** Runs the contract. */
export function validatorContract(name: string, open: () => Validator): void {
  describe(name, () => {
    const context = { signal: new AbortController().signal, paid: () => {} };

    it('gives a verdict on every answer, with a reason where it fails, and changes nothing', async () => {
      const validator = open();
      await fc.assert(
        fc.asyncProperty(answer, asked, async (response, request) => {
          const before = structuredClone(response);
          const verdict = await validator.check(response, request, context);
          expect(verdict.ok === true || verdict.reason.length > 0).toBe(true);
          expect(response).toEqual(before);
          const early = await validator.prefix?.(response, request, context);
          expect(early === undefined || early.ok === true || early.reason.length > 0).toBe(true);
        }),
        { numRuns: 60 },
      );
    });
  });
}
