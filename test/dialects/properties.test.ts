import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../src/core/chat.ts';
import { asRouterError } from '../../src/core/errors.ts';
import type { JsonValue } from '../../src/core/json.ts';
import type { Dialect } from '../../src/core/ports.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { anyJson, expressibleRequest, meaningOf, streamEvents } from './arbitraries.ts';
import { CONTEXT, dataOf, decodeAll, encodeAll, endings } from './streams.ts';

const dialects = createDialects();
const all = Object.values(dialects);
const others = (dialect: Dialect): Dialect[] => all.filter(({ id }) => id !== dialect.id);
const pairs = all.flatMap((dialect) => others(dialect).map((other) => ({ dialect, other })));

const SAMPLES: Readonly<Record<string, JsonValue>> = {
  'openai-chat': {
    model: 'm',
    messages: [
      { role: 'system', content: 'a' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'b' },
          { type: 'image_url', image_url: { url: 'http://x' } },
        ],
      },
      {
        role: 'assistant',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'd' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
    stop: ['e'],
    stream_options: { include_usage: true },
    metadata: { g: 'h' },
  },
  'openai-responses': {
    model: 'm',
    instructions: 'a',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'b' },
          { type: 'input_image', image_url: 'http://x', detail: 'low' },
        ],
      },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'c' }],
        encrypted_content: 'd',
      },
      { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text', text: 'e' }] },
      { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'g' }] },
    ],
    tools: [{ type: 'function', name: 'f', parameters: {}, strict: true }],
    tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    text: { format: { type: 'json_schema', name: 'x', schema: {} }, verbosity: 'low' },
    reasoning: { effort: 'low', summary: 'auto' },
    include: ['reasoning.encrypted_content'],
    metadata: { g: 'h' },
  },
  'anthropic-messages': {
    model: 'm',
    max_tokens: 5,
    system: [{ type: 'text', text: 'a' }],
    messages: [
      { role: 'user', content: [{ type: 'image', source: { type: 'url', url: 'http://x' } }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'b', signature: 'c' },
          { type: 'tool_use', id: 'd', name: 'f', input: {} },
        ],
      },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'd', content: [{ type: 'text', text: 'e' }] }],
      },
    ],
    tools: [{ name: 'f', input_schema: {} }],
    tool_choice: { type: 'tool', name: 'f' },
    thinking: { type: 'enabled', budget_tokens: 1_024 },
    output_config: { format: { type: 'json_schema', schema: {} } },
    metadata: { user_id: 'u' },
  },
};

/** The value with one place in it, found by walking down these turns, replaced. */
function mutate(value: JsonValue, turns: readonly number[], replacement: JsonValue): JsonValue {
  const [turn, ...rest] = turns;
  if (turn === undefined || typeof value !== 'object' || value === null) return replacement;
  const keys = Object.keys(value);
  const key = keys[turn % Math.max(1, keys.length)];
  if (key === undefined) return replacement;
  const copy = structuredClone(value) as Record<string, JsonValue>;
  copy[key] = mutate(copy[key] ?? null, rest, replacement);
  return copy;
}

/** `ok` or the code of the RouterError that was thrown; anything else thrown is `internal`. */
function outcome(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return asRouterError(error).code;
  }
}

function comparable(request: ChatRequest): object {
  const { raw: _raw, dialect: _dialect, includeUsage: _usage, ...rest } = request;
  return rest;
}

describe.each(pairs)('$other.id to $dialect.id', ({ dialect, other }) => {
  it('gives back what was translated', () => {
    fc.assert(
      fc.property(expressibleRequest(other.id, dialect.id), (request) => {
        const { body, dropped } = dialect.encodeRequest(request, 'm');
        expect(dropped).toEqual([]);
        expect(comparable(dialect.decodeRequest(JSON.parse(JSON.stringify(body))))).toEqual(
          comparable(request),
        );
      }),
    );
  });
});

describe.each(all)('$id', (dialect) => {
  it('passes any field of its own requests untouched', () => {
    const sample = SAMPLES[dialect.id] as Record<string, JsonValue>;
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), anyJson), (extra) => {
        const body = { ...extra, ...sample };
        const before = JSON.stringify(body);
        const encoded = dialect.encodeRequest(dialect.decodeRequest(body), 'other');
        expect(JSON.stringify(encoded.body)).toBe(before.replace('"model":"m"', '"model":"other"'));
        expect(JSON.stringify(body)).toBe(before);
      }),
    );
  });

  it('refuses malformed requests by name and crosses the others, or says why not', () => {
    const sample = SAMPLES[dialect.id] ?? null;
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 7 }), anyJson, (turns, replacement) => {
        const body = mutate(sample, turns, replacement as JsonValue);
        const decoded = outcome(() => dialect.decodeRequest(body));
        expect(['ok', 'invalid_request']).toContain(decoded);
        if (decoded !== 'ok') return;
        const request = dialect.decodeRequest(body);
        for (const other of others(dialect)) {
          expect(['ok', 'unsupported']).toContain(outcome(() => other.encodeRequest(request, 'm')));
        }
      }),
      { numRuns: 400 },
    );
  });

  it('refuses a body that nests too deep for any reader', () => {
    const deep: JsonValue = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(outcome(() => dialect.decodeRequest({ ...(SAMPLES[dialect.id] as object), x: deep }))).toBe(
      'invalid_request',
    );
    expect(outcome(() => dialect.decodeResponse({ x: deep }))).toBe('upstream_malformed');
  });

  it('reads any answer or refuses it', () => {
    fc.assert(
      fc.property(anyJson, fc.integer({ min: 100, max: 599 }), (body, status) => {
        expect(outcome(() => dialect.decodeResponse(body))).not.toBe('internal');
        expect(dialect.decodeError(status, body).message).not.toBe('');
      }),
    );
  });

  it('gives back the meaning of any stream', () => {
    fc.assert(
      fc.property(streamEvents, (events) => {
        const data = dataOf(encodeAll(dialect, events)) as (string | object)[];
        const decoded = decodeAll(dialect, data);
        expect(meaningOf(decoded)).toEqual(meaningOf(events));
        expect(endings(decoded)).toEqual({ count: 1, isLast: true });
      }),
    );
  });

  it('ends any stream, however broken, in one finish or error, also after crossing', () => {
    const broken = fc.oneof(
      fc.constant('{"type":"message_stop"}'),
      fc.constant('[DONE]'),
      fc.constant('{"error":{"message":"x"}}'),
      fc.constant('{"type":"error","code":null,"message":"x","param":null}'),
      fc.constant('{"type":"response.failed","response":{"error":{"code":"server_error","message":"x"}}}'),
      fc.constant('{"type":"response.completed"}'),
      fc.constant('{"type":"response.output_item.done","output_index":0,"item":{"type":"function_call"}}'),
      anyJson.map((value) => JSON.stringify(value)),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(streamEvents, fc.array(broken, { maxLength: 2 }), fc.nat(40), (events, faults, at) => {
        const data = dataOf(encodeAll(dialect, events)).map((item) =>
          typeof item === 'string' ? item : JSON.stringify(item),
        );
        const decoded = decodeAll(dialect, [...data.slice(0, at), ...faults, ...data.slice(at + 1)]);
        expect(endings(decoded)).toEqual({ count: 1, isLast: true });

        for (const other of others(dialect)) {
          const again = decodeAll(other, dataOf(encodeAll(other, decoded)) as (string | object)[]);
          expect(endings(again)).toEqual({ count: 1, isLast: true });
          expect(again.at(-1)?.type).toBe(decoded.at(-1)?.type);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('every dialect makes a new decoder and encoder for each stream', () => {
  for (const dialect of all) {
    expect(dialect.streamDecoder()).not.toBe(dialect.streamDecoder());
    expect(dialect.streamEncoder(CONTEXT)).not.toBe(dialect.streamEncoder(CONTEXT));
  }
});
