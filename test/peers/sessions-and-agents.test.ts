/** What users of other routers complain about: sessions, caches, thinking, and the calls of coding agents. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config/schema.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { isTier } from '../../src/core/tier.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { answers, type FakeUpstream, fails, json, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

const price = (input: number) => ({
  input,
  cached_input: input / 10,
  output: input * 4,
  as_of: '2026-11-01',
});

/** Some 60,000 tokens that every turn sends again. */
const SYSTEM = 'You are a guide. '.repeat(14_000);
const LONG = { usage: { input: 60_000, output: 20 } };

let chat: FakeUpstream;
let claude: FakeUpstream;

/** Says the tier that stands in brackets in what is asked. */
const READER = createFakeClassifier((text) => {
  const tier = /\[(\w+)\]/.exec(text)?.[1];
  return classificationOf(isTier(tier) ? tier : 'moderate', 0.99);
});

function config(): ConfigInput {
  const provider = (of: FakeUpstream, dialect: 'openai-chat' | 'anthropic-messages') => ({
    dialect,
    base_url: of.baseUrl,
  });
  return {
    builtin_catalog: false,
    judge: { model: 'none' },
    execution: { retries: 0 },
    providers: { chat: provider(chat, 'openai-chat'), claude: provider(claude, 'anthropic-messages') },
    models: [
      { id: 'small', provider: 'chat', tier: 'simple', price: price(1) },
      { id: 'large', provider: 'chat', tier: 'complex', price: price(3) },
      { id: 'haiku', provider: 'claude', tier: 'simple', price: price(9) },
      { id: 'opus', provider: 'claude', tier: 'complex', price: price(10) },
      { id: 'middle', provider: 'chat', tier: 'moderate', price: price(2) },
    ],
  };
}

beforeAll(async () => {
  [chat, claude] = await Promise.all([startUpstream(), startUpstream()]);
});
afterAll(() => Promise.all([chat.close(), claude.close()]));

let router: TestRouter | undefined;
afterEach(async () => {
  chat.reset();
  claude.reset();
  await router?.close();
  router = undefined;
});

async function start(over: ConfigInput = {}, bundle: 'reader' | 'shipped' = 'reader'): Promise<TestRouter> {
  router = await startRouter(
    { ...config(), ...over },
    {},
    bundle === 'reader' ? { openClassifier: async () => READER } : {},
  );
  return router;
}

type Said = { readonly role: string; readonly content: unknown };
const user = (content: unknown): Said => ({ role: 'user', content });
const assistant = (content: unknown): Said => ({ role: 'assistant', content });

interface Answer {
  readonly status: number;
  readonly model: string | null;
  readonly tier: string | null;
  readonly dropped: string | null;
  readonly reasons: readonly string[];
}

async function ask(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  if (!router) throw new Error('no router is started');
  const response = await router.post(path, body, headers);
  await response.text();
  const of = (name: string): string | null => response.headers.get(`x-router-${name}`);
  const stored = await router.router.store.getDecision(of('decision-id') ?? '');
  const { status } = response;
  const reasons = stored?.decision.reasons ?? [];
  return { status, model: of('model'), tier: of('tier'), dropped: of('dropped'), reasons };
}

const talk = (messages: readonly Said[], over: object = {}): Promise<Answer> =>
  ask('/v1/chat/completions', {
    model: 'auto',
    messages: [{ role: 'system', content: SYSTEM }, ...messages],
    ...over,
  });

describe('sessions and caches', () => {
  const HARD = user('[complex] design it');
  const EASY = user('[simple] rename it');

  it.each([
    'BerriAI/litellm 32961',
    'BerriAI/litellm 33126',
    'BerriAI/litellm 36146',
    'BerriAI/litellm 41174',
  ])('%s: keep a session on its model so the prompt cache stays warm', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    expect((await talk([HARD])).model).toBe('large');
    const next = await talk([HARD, assistant('ok'), EASY]);
    expect(next).toMatchObject({ model: 'large', tier: 'simple' });
    expect(next.reasons.join('\n')).toMatch(
      /keeps large: its cache of 60000 tokens is worth \$[\d.]+, a switch to small saves \$[\d.]+/,
    );
  });

  it('BerriAI/litellm 41174: a stream keeps its session on the model too', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    await talk([HARD], { stream: true });
    expect((await talk([HARD, assistant('ok'), EASY], { stream: true })).model).toBe('large');
  });

  it('BerriAI/litellm 33126: another conversation, and another caller’s, is not kept anywhere', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    await talk([HARD]);
    expect((await talk([user('[simple] begin anew')])).model).toBe('small');
    expect((await talk([HARD, assistant('ok'), EASY], { user: 'ann' })).model).toBe('small');
  });

  it('BerriAI/litellm 36146: the order is by cost again when the session’s model fails', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    await talk([HARD]);
    chat.otherwise(({ body }) => (body.model === 'large' ? fails(500) : answers('ok', LONG)));
    expect((await talk([HARD, assistant('ok'), EASY])).model).toBe('small');
    chat.otherwise(() => answers('ok', LONG));
    expect((await talk([HARD, assistant('ok'), EASY, assistant('ok'), EASY])).model).toBe('small');
  });

  it('a session can be left to go where its turns ask: sessions.sticky off', async () => {
    await start({ sessions: { sticky: false } });
    chat.otherwise(() => answers('ok', LONG));
    await talk([HARD]);
    expect((await talk([HARD, assistant('ok'), EASY])).model).toBe('small');
  });

  it('OpenBMB/PilotDeck 594: stickiness blocked an upgrade that was needed; it applies to downgrades only', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    expect((await talk([EASY])).model).toBe('small');
    expect((await talk([EASY, assistant('ok'), HARD])).model).toBe('large');
  });

  it('OpenBMB/PilotDeck 594: who names a tier or a model gets it, whatever is warm', async () => {
    await start();
    chat.otherwise(() => answers('ok', LONG));
    await talk([HARD]);
    const history = [HARD, assistant('ok'), EASY];
    expect((await talk(history, { model: 'auto:simple' })).model).toBe('small');
    expect((await talk(history, { model: 'middle' })).model).toBe('middle');
  });
});

describe('thinking', () => {
  const THOUGHT = { type: 'thinking', thinking: 'let me see', signature: 'signed-by-opus' };
  const BODY = { max_tokens: 8_000, thinking: { type: 'enabled', budget_tokens: 2_000 } };

  function thinks(model: string): void {
    claude.next(
      json({
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [THOUGHT, { type: 'text', text: 'ok' }],
        stop_reason: 'end_turn',
        stop_sequence: null,
        usage: { input_tokens: 50, output_tokens: 20 },
      }),
    );
  }

  it.each(['CommonstackAI/UncommonRoute 19', 'CommonstackAI/UncommonRoute 20'])(
    '%s: no "invalid signature in thinking block" after a model switch',
    async () => {
      await start();
      thinks('opus');
      const first = user('[complex] prove it');
      const messages = (body: object) => ask('/v1/messages', { ...BODY, ...body });
      await messages({ model: 'opus', messages: [first] });
      const history = [first, assistant([THOUGHT, { type: 'text', text: 'ok' }]), user('[simple] thanks')];

      const switched = await messages({ model: 'haiku', messages: history });
      expect(switched).toMatchObject({ status: 200, model: 'haiku', dropped: 'messages[1].thinking' });
      const sent = claude.received[1]?.body as JsonObject;
      expect(sent.messages).toEqual([first, assistant([{ type: 'text', text: 'ok' }]), history[2]]);
      expect(sent.thinking).toEqual(BODY.thinking);

      const back = await messages({ model: 'opus', messages: history });
      expect(back.dropped).toBeNull();
      expect(claude.received[2]?.body.messages).toEqual(history);
    },
  );

  it('CommonstackAI/UncommonRoute 20: a switch within a loop of tools stays valid, by one answer without thinking', async () => {
    await start();
    thinks('opus');
    const first = user('[complex] read it');
    await ask('/v1/messages', { ...BODY, model: 'opus', messages: [first] });
    const call = { type: 'tool_use', id: 't1', name: 'read', input: {} };
    const history = [
      first,
      assistant([THOUGHT, call]),
      user([{ type: 'tool_result', tool_use_id: 't1', content: 'x' }]),
    ];
    const tools = [{ name: 'read', input_schema: { type: 'object' } }];
    const { status, dropped } = await ask('/v1/messages', {
      ...BODY,
      tools,
      model: 'haiku',
      messages: history,
    });
    expect(status).toBe(200);
    expect(dropped).toBe('messages[1].thinking, thinking');
    const sent = claude.received[1]?.body as JsonObject;
    expect(sent.thinking).toBeUndefined();
    expect(JSON.stringify(sent.messages)).not.toContain('thinking');
  });

  it('CommonstackAI/UncommonRoute 19: a routed loop of tools stays with the model that thinks in it', async () => {
    await start();
    claude.otherwise(() => answers('ok'));
    thinks('opus');
    const first = user('[complex] read it');
    await ask('/v1/messages', { ...BODY, model: 'opus', messages: [first] });
    const call = { type: 'tool_use', id: 't1', name: 'read', input: {} };
    const result = user([{ type: 'tool_result', tool_use_id: 't1', content: 'x' }]);
    const tools = [{ name: 'read', input_schema: { type: 'object' } }];
    const routed = { ...BODY, tools, model: 'auto', messages: [first, assistant([THOUGHT, call]), result] };
    expect(await ask('/v1/messages', routed)).toMatchObject({ model: 'opus', dropped: null });
  });
});

describe('wrong tier', () => {
  const HISTORY = [
    user('Prove that our lock with fencing tokens is linearizable under asymmetric partitions.'),
    assistant('Here is the proof, with its invariants for safety and liveness. '.repeat(40)),
    user('Now redesign the storage engine for ten million writes a second with exactly-once semantics.'),
    assistant('The engine is a log-structured merge tree with a replicated manifest. '.repeat(40)),
  ];
  const short = (messages: readonly Said[], over: object = {}): Promise<Answer> =>
    ask('/v1/chat/completions', { model: 'auto', messages, ...over });

  it('mnfst/llm-gateway 2052: "What time is it in Madrid?" does not go to the flagship because the session was hard before', async () => {
    await start({}, 'shipped');
    expect(await short([...HISTORY, user('What time is it in Madrid?')])).toMatchObject({
      tier: 'simple',
      model: 'small',
    });
  });

  it('mnfst/llm-gateway 1610: an agent’s 32 tool definitions do not make the simple tier unreachable', async () => {
    await start({}, 'shipped');
    const tools = Array.from({ length: 32 }, (_, index) => ({
      type: 'function',
      function: {
        name: `tool_${index}`,
        description: 'Reads, edits and searches the files of the project. '.repeat(10),
        parameters: { type: 'object', properties: { path: { type: 'string' } } },
      },
    }));
    const asked = [
      'What time is it in Madrid?',
      'what is the capital of France?',
      'convert 3 miles to km',
      'thanks!',
    ];
    for (const text of asked) expect((await short([user(text)], { tools })).tier, text).toBe('simple');
    const body = chat.received[0]?.body as JsonObject;
    expect(body.tools).toHaveLength(32);
  });

  it('BerriAI/litellm 36029: the coding harness’s reminder envelopes are stripped before classifying and sent as they are', async () => {
    await start();
    const reminder =
      '<system-reminder>\n[complex] Plan the migration of the whole platform at depth.\n</system-reminder>';
    const content = `${reminder}\n[simple] rename the flag\n${reminder}`;
    expect((await short([user(content)])).tier).toBe('simple');
    expect((await short([user('[simple] rename the flag'), assistant('done'), user(reminder)])).tier).toBe(
      'simple',
    );
    expect(chat.received[0]?.body.messages).toEqual([user(content)]);
  });

  it('BerriAI/litellm 36029: every harness that is known is read past', async () => {
    await start();
    const path = new URL('../fixtures/agents/envelopes.json', import.meta.url);
    const envelopes = JSON.parse(readFileSync(path, 'utf8')) as {
      messages: Said[];
      ask: string;
      harness: string;
    }[];
    for (const { messages, ask: words, harness } of envelopes) {
      const marked = JSON.parse(JSON.stringify(messages).replaceAll(words, `[simple] ${words}`)) as Said[];
      const plain = marked.map((said) => (said.role === 'tool' ? assistant(said.content) : said));
      expect((await short(plain)).tier, harness).toBe('simple');
    }
  });
});

describe('internal calls of coding agents', () => {
  const SESSION = { user_id: 'user_ab_account__session_6f1c2d3e-0000-4000-8000-000000000001' };
  const CHECK = {
    model: 'auto',
    max_tokens: 64,
    stop_sequences: ['</severity>'],
    system: 'You are a security monitor for autonomous AI coding agents.',
    messages: [user('<transcript>[simple] rm -rf build</transcript>')],
    metadata: SESSION,
  };
  const beta = { 'anthropic-beta': 'claude-code-20250219' };

  it('farion1231/cc-switch 1678: a coding agent’s safety-check call is not downgraded, so that it does not fail closed', async () => {
    await start();
    expect((await ask('/v1/messages', CHECK, beta)).tier).toBe('moderate');
    const work = {
      model: 'auto',
      max_tokens: 100,
      metadata: SESSION,
      messages: [user('[complex] clean it up')],
    };
    expect((await ask('/v1/messages', work, beta)).tier).toBe('complex');
    const check = await ask('/v1/messages', CHECK, beta);
    expect(check).toMatchObject({ status: 200, tier: 'complex' });
    expect(check.reasons[0]).toBe(
      "a coding agent's own call (safety check) goes to complex, the tier of its session",
    );
  });

  it('farion1231/cc-switch 1678: titles and probes of the same session stay cheap, and pass no validator of the route', async () => {
    await start({
      validators: { json: { type: 'json' } },
      routes: [{ name: 'all', match: { path: '/v1/*' }, validators: ['json'] }],
    });
    const probe = { model: 'auto', max_tokens: 1, messages: [user('quota')], metadata: SESSION };
    expect(await ask('/v1/messages', probe, beta)).toMatchObject({
      status: 200,
      tier: 'simple',
      model: 'small',
    });
    expect(chat.received).toHaveLength(1);
  });

  it('farion1231/cc-switch 1678: nothing is learnt from such calls', async () => {
    const { router: running, post } = await start();
    const response = await post('/v1/messages', CHECK, beta);
    const decision = response.headers.get('x-router-decision-id');
    expect((await running.store.getDecision(decision ?? ''))?.decision.agentCall).toBe('safety_check');
    await post('/v1/feedback', { decision_id: decision, tier: 'complex' });
    const rows = [];
    for await (const row of running.store.labelled({ from: 0, to: Date.now() + 1_000 })) rows.push(row);
    expect(rows).toEqual([]);
  });

  it('farion1231/cc-switch 1678: recognition can be switched off', async () => {
    await start({ sessions: { agent_calls: { recognise: false } } });
    expect((await ask('/v1/messages', CHECK, beta)).tier).toBe('simple');
  });
});
