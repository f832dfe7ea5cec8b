/** Answers with pieces that only their own dialect has, through the whole router: passed on whole, or listed as dropped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DIALECT_IDS, type DialectId } from '../../src/core/chat.ts';
import { formatSse } from '../../src/dialects/sse.ts';
import { type Lineup, modelVia, startLineup } from '../clients/lineup.ts';
import { readStreamAs } from '../dialects/clients.ts';
import { breaksOff, json, streams, text } from '../fakes/upstream.ts';

let lineup: Lineup;
beforeAll(async () => {
  lineup = await startLineup();
});
afterEach(() => lineup.upstream.reset());
afterAll(() => lineup.close());

const PATHS: Readonly<Record<DialectId, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};

/** Asks for a model of this upstream dialect in the format of this client dialect. */
function ask(client: DialectId, upstream: DialectId, fields: object = {}): Promise<Response> {
  const said = [{ role: 'user', content: 'News?' }];
  const body = client === 'openai-responses' ? { input: said } : { messages: said, max_tokens: 500 };
  return lineup.router.post(PATHS[client], { model: modelVia(upstream), ...body, ...fields });
}

const others = (dialect: DialectId): DialectId[] => DIALECT_IDS.filter((id) => id !== dialect);

const SEARCH = {
  type: 'web_search_call',
  id: 'ws_1',
  status: 'completed',
  action: { type: 'search', query: 'x' },
};
const CITED = { type: 'url_citation', start_index: 0, end_index: 2, title: 't', url: 'https://x.test' };
const SAID = {
  type: 'message',
  id: 'msg_1',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'It rains.', annotations: [CITED], logprobs: [] }],
};
const ANSWER = {
  id: 'resp_1',
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'gpt',
  output: [SEARCH, { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'secret' }, SAID],
  usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
  unheard_of: { deep: [null] },
};
const FRAMES = [
  { type: 'response.created', response: { ...ANSWER, status: 'in_progress', output: [], usage: null } },
  { type: 'response.output_item.added', output_index: 0, item: SEARCH },
  { type: 'response.output_item.done', output_index: 0, item: SEARCH },
  { type: 'response.output_item.done', output_index: 1, item: ANSWER.output[1] ?? {} },
  { type: 'response.output_text.delta', output_index: 2, content_index: 0, delta: 'It rains.' },
  { type: 'response.output_item.done', output_index: 2, item: SAID },
  { type: 'response.completed', response: ANSWER },
].map((event, index) => formatSse({ ...event, sequence_number: index }, event.type));

const LOST = ['web_search_call', 'redactedThinking', 'annotations'];

async function droppedInTrace(answer: Response): Promise<unknown> {
  const id = answer.headers.get('x-router-decision-id');
  const record = (await (await lineup.router.get(`/v1/decisions/${id}`)).json()) as {
    outcome: { attempts: { dropped: unknown }[] };
  };
  return record.outcome.attempts.at(-1)?.dropped;
}

const WRITTEN: Readonly<Record<DialectId, string>> = {
  'openai-chat':
    '{\n  "choices": [{"message": {"content": "Hi \\u00e9", "role": "assistant"}}],\n  "2": 12345678901234567890, "1": -0.0 }\n',
  'openai-responses': '{ "status": "completed", "output": [], "n": 1.0, "big": 9007199254740993 }',
  'anthropic-messages':
    '{"content":[{"type":"tool_use","id":"t","name":"f","input":{"id":1234567890123456789}}], "stop_reason":"tool_use"}',
};

it.each(DIALECT_IDS)(
  'an answer of %s keeps its very text, numbers and spaces as written',
  async (dialect) => {
    lineup.upstream.next(text(WRITTEN[dialect], 200, 'application/json'));
    const answer = await ask(dialect, dialect);
    expect(await answer.text()).toBe(WRITTEN[dialect]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  },
);

const chunk = (delta: object, finish: string | null = null): string =>
  JSON.stringify({ id: 'g', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] });
const [SAYS, ENDS] = [chunk({ content: 'Hi' }), chunk({}, 'stop')];

it.each<[string, string]>([
  [
    'comments before it',
    `: OPENROUTER PROCESSING\n\n: x\n\ndata: ${SAYS}\n\ndata: ${ENDS}\n\ndata: [DONE]\n\n`,
  ],
  ['CRLF', `data: ${SAYS}\r\n\r\ndata: ${ENDS}\r\n\r\ndata: [DONE]\r\n\r\n`],
  ['no space and no last blank line', `data:${SAYS}\n\ndata:${ENDS}\n\ndata:[DONE]`],
  ['no [DONE]', `data: ${SAYS}\n\ndata: ${ENDS}\n\n`],
  [
    'ids and a time to retry',
    `retry: 3000\n\nid: 1\ndata: ${SAYS}\n\nid: 2\ndata: ${ENDS}\n\ndata: [DONE]\n\n`,
  ],
  ['data of several lines', `data: ${SAYS.replace(',', ',\ndata: ')}\n\ndata: ${ENDS}\n\ndata: [DONE]\n\n`],
  ['a chunk without choices before it', `data: {"choices":[],"id":""}\n\ndata: ${SAYS}\n\ndata: ${ENDS}\n\n`],
])('a stream with %s reaches its own client byte for byte, and every other', async (_name, stream) => {
  const pieces = stream.match(/[\s\S]{1,11}/g) ?? [];
  lineup.upstream.next(streams(pieces));
  expect(await (await ask('openai-chat', 'openai-chat', { stream: true })).text()).toBe(stream);
  for (const client of others('openai-chat')) {
    lineup.upstream.next(streams(pieces));
    const body = await (await ask(client, 'openai-chat', { stream: true })).text();
    expect(await readStreamAs(client, body)).toMatchObject({ text: 'Hi' });
  }
});

describe('an answer of a Responses upstream', () => {
  it('reaches a client of its own dialect byte for byte', async () => {
    lineup.upstream.next(json(ANSWER));
    const answer = await ask('openai-responses', 'openai-responses');
    expect(await answer.text()).toBe(JSON.stringify(ANSWER));
    expect(answer.headers.get('x-router-dropped')).toBeNull();

    lineup.upstream.next(streams(FRAMES));
    const stream = await ask('openai-responses', 'openai-responses', { stream: true });
    expect(await stream.text()).toBe(FRAMES.join(''));
  });

  it.each(others('openai-responses'))('reaches a client of %s with its losses listed', async (client) => {
    lineup.upstream.next(json(ANSWER));
    const answer = await ask(client, 'openai-responses');
    const body = await answer.text();
    expect(body).toContain('It rains.');
    expect(body).not.toContain('secret');
    expect(answer.headers.get('x-router-dropped')).toBe(LOST.join(', '));
    expect(await droppedInTrace(answer)).toEqual(LOST);
  });

  it.each(others('openai-responses'))('streams to a client of %s with its losses listed', async (client) => {
    lineup.upstream.next(streams(FRAMES));
    const answer = await ask(client, 'openai-responses', { stream: true });
    const body = await answer.text();
    expect(body).toContain('It rains.');
    expect(body).not.toContain('secret');
    const told = [...body.matchAll(/^: x-router-dropped: (\S+)$/gm)].map((match) => match[1]);
    expect(told).toEqual(LOST);
    expect(await droppedInTrace(answer)).toEqual(LOST);
  });

  it('that breaks off ends in an error numbered after what came', async () => {
    lineup.upstream.next(breaksOff('one two three four', 4));
    const answer = await ask('openai-responses', 'openai-responses', { stream: true });
    const events = (await answer.text()).match(/^data: .*$/gm)?.map((line) => JSON.parse(line.slice(6)));
    expect(events?.map(({ sequence_number }) => sequence_number)).toEqual(events?.map((_, index) => index));
    expect(events?.at(-1)).toMatchObject({ type: 'error', error: { code: 'upstream_error' } });
  });
});

describe('a request that names a stored answer', () => {
  const fields = { previous_response_id: 'resp_1' };

  it('passes to an upstream of its own dialect', async () => {
    lineup.upstream.next(json(ANSWER));
    expect((await ask('openai-responses', 'openai-responses', fields)).status).toBe(200);
    expect(lineup.upstream.received[0]?.body).toMatchObject({
      ...fields,
      model: modelVia('openai-responses'),
    });
  });

  it.each(others('openai-responses'))('is refused before an upstream of %s', async (upstream) => {
    const answer = await ask('openai-responses', upstream, fields);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      error: { code: 'unsupported', param: 'previous_response_id' },
    });
    expect(lineup.upstream.received).toEqual([]);
  });
});

const RECORDED: Readonly<Record<string, DialectId>> = {
  anthropic: 'anthropic-messages',
  deepseek: 'openai-chat',
  groq: 'openai-chat',
  mistral: 'openai-chat',
  'openai-responses': 'openai-responses',
  'xai-responses': 'openai-responses',
};

function recordings(): { name: string; dialect: DialectId; path: string }[] {
  const root = join(process.env.ROUTER_DATA_DIR ?? '', 'recorded');
  if (process.env.ROUTER_DATA_DIR === undefined || !existsSync(root)) return [];
  return Object.entries(RECORDED).flatMap(([provider, dialect]) =>
    readdirSync(join(root, provider))
      .filter((file) => !/transcription|error/.test(file))
      .map((file) => ({ name: `${provider}/${file}`, dialect, path: join(root, provider, file) })),
  );
}

describe.skipIf(recordings().length === 0)('recorded answers (ROUTER_DATA_DIR)', () => {
  const all = recordings();

  it.each(all.filter(({ name }) => name.endsWith('.json')))(
    '$name reaches its own client byte for byte',
    async ({ dialect, path }) => {
      const body = readFileSync(path, 'utf8');
      lineup.upstream.next(text(body, 200, 'application/json'));
      expect(await (await ask(dialect, dialect)).text()).toBe(body);
      for (const client of others(dialect)) {
        lineup.upstream.next(json(JSON.parse(body)));
        expect((await ask(client, dialect)).status).toBe(200);
      }
    },
  );

  it.each(all.filter(({ name }) => name.endsWith('.chunks.txt')))(
    '$name streams to its own client byte for byte',
    async ({ dialect, path }) => {
      const lines = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      const readable = lines.every((line) => {
        try {
          return Boolean(JSON.parse(line));
        } catch {
          return false;
        }
      });
      if (!readable) return;
      const frames = lines.map((line) => formatSse(line));
      if (dialect === 'openai-chat') frames.push(formatSse('[DONE]'));
      lineup.upstream.next(streams(frames));
      const usage = dialect === 'openai-chat' ? { stream_options: { include_usage: true } } : {};
      const answer = await ask(dialect, dialect, { stream: true, ...usage });
      expect(await answer.text()).toBe(frames.join(''));
    },
  );
});
