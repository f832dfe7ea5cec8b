import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/core/json.ts';
import {
  type FormatName,
  type Imported,
  importRecords,
  jsonContainer,
} from '../../../../src/training/data/import/import.ts';

const say = (content: string) => [{ role: 'user', content }];

function imported(record: JsonObject, format: FormatName = 'auto'): Imported {
  return importRecords([{ where: 'log:1', record }], { format });
}

const CASES: readonly { name: string; record: JsonObject; format: string; row: object }[] = [
  {
    name: 'a chat completion body',
    record: {
      model: 'gpt-5-mini',
      messages: [{ role: 'developer', content: 'Be terse.' }, ...say('list the EU capitals')],
      tools: [{ type: 'function', function: { name: 'a' } }],
      response_format: { type: 'json_schema', json_schema: {} },
      max_completion_tokens: 300,
      user: 'u7',
    },
    format: 'openai',
    row: {
      messages: [{ role: 'system', content: 'Be terse.' }, ...say('list the EU capitals')],
      facts: { tools: 1, json: true, max_tokens: 300 },
      session: 'u7',
    },
  },
  {
    name: 'a line of a batch file',
    record: {
      custom_id: 'r1',
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: 'gpt-5', messages: say('why is the sky blue') },
    },
    format: 'openai',
    row: { prompt: 'why is the sky blue' },
  },
  {
    name: 'a fine-tuning line, without its answer',
    record: { messages: [...say('is 91 prime'), { role: 'assistant', content: 'No: 7 times 13.' }] },
    format: 'openai',
    row: { prompt: 'is 91 prime' },
  },
  {
    name: 'a responses body',
    record: {
      model: 'gpt-5',
      instructions: 'You book rooms.',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'room for 6' }, { type: 'input_image' }] },
      ],
      text: { format: { type: 'json_schema' } },
    },
    format: 'openai',
    row: {
      messages: [{ role: 'system', content: 'You book rooms.' }, ...say('room for 6')],
      facts: { images: 1, json: true },
    },
  },
  {
    name: 'an agent step with tool calls',
    record: {
      messages: [
        ...say('what is open in INC-4'),
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', function: { name: 'get', arguments: '{"id":4}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'open: rollback' },
      ],
    },
    format: 'openai',
    row: {
      messages: [
        ...say('what is open in INC-4'),
        { role: 'assistant', content: 'get {"id":4}' },
        { role: 'tool', content: 'open: rollback' },
      ],
    },
  },
  {
    name: 'an Anthropic batch line',
    record: {
      custom_id: 'r2',
      params: {
        model: 'claude-haiku-4-5',
        max_tokens: 64,
        system: [{ type: 'text', text: 'You tag tickets.' }],
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'printer on fire' },
              { type: 'image', source: {} },
            ],
          },
        ],
        metadata: { user_id: 'acct-9' },
      },
    },
    format: 'anthropic',
    row: {
      messages: [{ role: 'system', content: 'You tag tickets.' }, ...say('printer on fire')],
      facts: { images: 1, max_tokens: 64 },
      session: 'acct-9',
    },
  },
  {
    name: 'Anthropic tool results as a tool turn',
    record: {
      model: 'claude-sonnet-4-5',
      messages: [
        ...say('tail the log'),
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't', name: 'bash', input: { cmd: 'tail a.log' } }],
        },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'ok' }] }],
        },
      ],
    },
    format: 'anthropic',
    row: {
      messages: [
        ...say('tail the log'),
        { role: 'assistant', content: 'bash {"cmd":"tail a.log"}' },
        { role: 'tool', content: 'ok' },
      ],
    },
  },
  {
    name: 'a LiteLLM spend log as a table holds it',
    record: {
      request_id: 'q1',
      call_type: 'acompletion',
      messages: '{}',
      proxy_server_request: JSON.stringify({
        model: 'm',
        messages: say('weather in Bergen'),
        max_tokens: 20,
      }),
      session_id: 's1',
      end_user: 'e1',
    },
    format: 'litellm',
    row: { prompt: 'weather in Bergen', facts: { max_tokens: 20 }, conversation: 's1', session: 'e1' },
  },
  {
    name: 'a LiteLLM logging payload',
    record: {
      id: 'x',
      trace_id: 't1',
      call_type: 'completion',
      messages: say('hi'),
      model_parameters: { max_tokens: 9, tools: [{}, {}] },
    },
    format: 'litellm',
    row: { prompt: 'hi', facts: { max_tokens: 9, tools: 2 }, conversation: 't1' },
  },
  {
    name: 'a Langfuse generation',
    record: {
      id: 'o1',
      traceId: 't2',
      type: 'GENERATION',
      input: { messages: say('shorten this'), tools: [{}] },
      modelParameters: { maxTokens: 50 },
      userId: 'u',
    },
    format: 'langfuse',
    row: { prompt: 'shorten this', facts: { tools: 1, max_tokens: 50 }, conversation: 't2', session: 'u' },
  },
  {
    name: 'a Langfuse observation of a blob export',
    record: {
      id: 'o2',
      trace_id: 't3',
      session_id: 's3',
      type: 'GENERATION',
      input: JSON.stringify(say('and in euro?')),
    },
    format: 'langfuse',
    row: { prompt: 'and in euro?', conversation: 's3' },
  },
  {
    name: 'a Langfuse trace with a bare question',
    record: {
      id: 't4',
      sessionId: 's4',
      timestamp: '2026-01-01',
      input: 'who owns this repo',
      output: 'Ops',
    },
    format: 'langfuse',
    row: { prompt: 'who owns this repo', conversation: 's4' },
  },
  {
    name: 'a Helicone request',
    record: {
      request_id: 'h1',
      request_body: { model: 'gpt-5', messages: say('translate: Guten Morgen') },
      request_user_id: 'u3',
      request_properties: { 'Helicone-Session-Id': 'hs' },
    },
    format: 'helicone',
    row: { prompt: 'translate: Guten Morgen', conversation: 'hs', session: 'u3' },
  },
  {
    name: 'a Helicone request to Anthropic',
    record: {
      request_id: 'h2',
      request_body: JSON.stringify({ model: 'claude-haiku-4-5', system: 'Short.', messages: say('ping') }),
    },
    format: 'helicone',
    row: { messages: [{ role: 'system', content: 'Short.' }, ...say('ping')] },
  },
  {
    name: 'a table with headers of its own',
    record: {
      Question: 'how many legs has a spider',
      Complexity: 'Simple',
      'Max tokens': '12',
      Language: 'en',
    },
    format: 'plain',
    row: { prompt: 'how many legs has a spider', tier: 'simple', language: 'en', facts: { max_tokens: 12 } },
  },
  {
    name: 'a row of our schema',
    record: {
      prompt: 'x',
      tier: 'complex',
      certain: false,
      pair: 'p',
      attributes: { steps: 1, hold: 2, depth: 3, length: 4 },
    },
    format: 'plain',
    row: {
      prompt: 'x',
      tier: 'complex',
      certain: false,
      pair: 'p',
      attributes: { steps: 1, hold: 2, depth: 3, length: 4 },
    },
  },
];

describe('import formats', () => {
  it.each(CASES)('recognises and reads $name', ({ record, format, row }) => {
    const result = imported(record);
    expect(result.problems).toEqual([]);
    expect(result.format).toBe(format);
    expect(result.rows).toHaveLength(1);
    expect(result.rows[0]).toMatchObject(row);
  });

  it.each<[string, JsonObject, FormatName, string]>([
    [
      'an embedding of a batch',
      { url: '/v1/embeddings', body: { input: 'x', model: 'e' } },
      'openai',
      'a call of /v1/embeddings',
    ],
    [
      'a LiteLLM embedding',
      { request_id: '1', call_type: 'aembedding' },
      'litellm',
      'a call of type aembedding',
    ],
    [
      'a spend log without text',
      { request_id: '1', call_type: 'acompletion', messages: {} },
      'litellm',
      'without its text',
    ],
    [
      'a Langfuse span',
      { traceId: 't', type: 'SPAN', input: 'x' },
      'langfuse',
      'an observation of type SPAN',
    ],
    [
      'a Helicone record without body',
      { request_id: '1', signed_body_url: 'https://x' },
      'helicone',
      'without its body',
    ],
    [
      'a picture without words',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'openai',
      'nothing asked',
    ],
  ])('leaves out and counts %s', (_, record, format, reason) => {
    const { rows, skipped, problems } = imported(record, format);
    expect({ rows, problems }).toEqual({ rows: [], problems: [] });
    expect(Object.keys(skipped)).toEqual([expect.stringContaining(reason)]);
  });

  it.each<[string, JsonObject, FormatName, string]>([
    ['no messages', { model: 'm' }, 'openai', 'no messages'],
    [
      'an unknown role',
      { messages: [{ role: 'narrator', content: 'x' }] },
      'openai',
      'messages[0].role: "narrator" is unknown',
    ],
    ['a turn that is none', { messages: ['hello'] }, 'openai', 'messages[0]: not an object'],
    ['an unknown tier', { prompt: 'x', tier: 'hard' }, 'jsonl', 'tier: "hard" is none of'],
    ['no text', { title: 'x' }, 'csv', 'no text in any of prompt'],
    ['attributes out of range', { prompt: 'x', attributes: { steps: 9 } }, 'jsonl', 'attributes.steps'],
  ])('reports %s with its place', (_, record, format, says) => {
    const { rows, problems } = imported(record, format);
    expect(rows).toEqual([]);
    expect(problems).toEqual([{ where: 'log:1', says: expect.stringContaining(says) }]);
  });

  it('reports lines that are no objects of JSON, and reads the others', () => {
    const { places, problems } = jsonContainer('{"prompt":"a"}\n\nnot json\n[1]\n{"prompt":"b"}\n', 'log');
    expect(places.map(({ where }) => where)).toEqual(['log:1', 'log:5']);
    expect(problems).toEqual([
      { where: 'log:3', says: 'not JSON' },
      { where: 'log:4', says: 'not an object' },
    ]);
  });

  it.each([
    ['a list', '[{"prompt":"a"},{"prompt":"b"}]'],
    ['an envelope', '{"data":[{"prompt":"a"},{"prompt":"b"}],"meta":{}}'],
  ])('reads %s in one document', (_, text) => {
    expect(jsonContainer(text, 'log').places.map(({ where }) => where)).toEqual([
      'log: item 1',
      'log: item 2',
    ]);
  });

  it('leaves repeats out and counts them, unless told otherwise', () => {
    const places = [1, 2].map((at) => ({ where: `log:${at}`, record: { prompt: 'same' } }));
    expect(importRecords(places, { format: 'jsonl' })).toMatchObject({
      repeats: 1,
      rows: [{ prompt: 'same' }],
    });
    expect(importRecords(places, { format: 'jsonl', keepRepeats: true }).rows).toHaveLength(2);
  });

  it('takes out what is told to, in prompts and in turns', () => {
    const places = [
      { where: 'log:1', record: { prompt: 'key 123' } },
      { where: 'log:2', record: { messages: [{ role: 'system', content: 'key 123' }, ...say('hello')] } },
      { where: 'log:3', record: { prompt: 'nothing' } },
    ];
    const { rows, redacted } = importRecords(places, {
      format: 'jsonl',
      redact: (text) => text.replace('123', '[x]'),
    });
    expect(redacted).toBe(2);
    expect(JSON.stringify(rows)).not.toContain('123');
  });
});
