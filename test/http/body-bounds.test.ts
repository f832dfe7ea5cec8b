/** Bodies that are small to send and large to make something of. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beyondBounds } from '../../src/http/json-guard.ts';
import { startRouter, type TestRouter } from './harness.ts';

const check = (text: string, bounds = { maxDepth: 3, maxValues: 10 }) =>
  beyondBounds(Buffer.from(text), bounds);

describe('beyondBounds', () => {
  it.each([
    ['[[[]]]'],
    ['{"a": {"b": {"c": 1}}}'],
    ['"[[[[[["'],
    ['["[[[[", "\\"[[[[", "\\\\", "{{{{"]'],
    ['[1,2,3,4,5,6,7,8,9,10]'],
    ['",,,,,,,,,,,,,,,,"'],
    ['[[],[],[]]'],
    ['"unfinished [[[[['],
    ['not json'],
    [''],
  ])('lets %j pass', (text) => {
    expect(check(text)).toBeUndefined();
  });

  it.each([
    ['[[[[', /deeper than 3/],
    ['{"a":[{"b":[1]}]}', /deeper than 3/],
    ['["\\\\",[[[', /deeper than 3/],
    ['[1,2,3,4,5,6,7,8,9,10,11]', /more than 10/],
    ['[[],[],[],[],[],[]]', /more than 10/],
  ])('refuses %j', (text, says) => {
    expect(check(text)).toMatch(says);
  });
});

describe('the router', () => {
  let router: TestRouter;
  beforeAll(async () => {
    router = await startRouter({ builtin_catalog: false, classifier: { bundle: 'no-such-bundle' } });
  });
  afterAll(() => router.close());

  const LEVELS = 5_000_000;
  it.each([
    ['deep lists', `{"model":"auto","messages":${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}}`],
    ['deep objects', `${'{"a":'.repeat(1_000_000)}1${'}'.repeat(1_000_000)}`],
    ['deep and cut off', '['.repeat(LEVELS)],
    [
      'a million messages',
      `{"model":"auto","messages":[${'{"role":"user","content":""},'.repeat(500_000)}{}]}`,
    ],
    ['a million numbers', `{"model":"auto","x":[${'1,'.repeat(1_000_000)}1]}`],
  ])('refuses %s before it makes anything of them', async (_, body) => {
    for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses']) {
      const answer = await router.post(path, body);
      expect(answer.status).toBe(413);
      expect(JSON.stringify(await answer.json())).toMatch(/server\.max_json_(depth|values)/);
    }
  });

  it('answers a long conversation and a large image', async () => {
    const image = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000_000)}` } };
    const turns = Array.from({ length: 500 }, (_, turn) => ({
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: `turn ${turn}`,
    }));
    const messages = [...turns, { role: 'user', content: [{ type: 'text', text: 'and now?' }, image] }];
    const answer = await router.post('/v1/chat/completions', { model: 'auto', messages });
    expect([200, 400]).toContain(answer.status);
  });
});
