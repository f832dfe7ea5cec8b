/** The ordinary calls of the official `@anthropic-ai/sdk` client, against every upstream dialect. */
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { answers, fails, rateLimited } from '../fakes/upstream.ts';
import { type Lineup, modelVia, startLineup, WEATHER } from './lineup.ts';

let lineup: Lineup;
let client: Anthropic;
beforeAll(async () => {
  lineup = await startLineup();
  client = new Anthropic({ baseURL: lineup.router.url, apiKey: 'k', maxRetries: 0 });
});
afterEach(() => lineup.upstream.reset());
afterAll(() => lineup.close());

describe.each(DIALECT_IDS)('@anthropic-ai/sdk before an upstream of %s', (dialect) => {
  const ask = {
    model: modelVia(dialect),
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'Weather in Oslo?' }],
  };

  it('creates a message', async () => {
    lineup.upstream.next(answers('Sunny.'));
    const message = await client.messages.create({ ...ask, system: 'Be brief.' });
    expect(message.content).toMatchObject([{ type: 'text', text: 'Sunny.' }]);
    expect(message).toMatchObject({
      stop_reason: 'end_turn',
      usage: { input_tokens: 10, output_tokens: 5 },
    });
  });

  it('streams', async () => {
    lineup.upstream.next(answers('one two three'));
    const stream = client.messages.stream(ask);
    const deltas: string[] = [];
    stream.on('text', (delta) => deltas.push(delta));
    expect(await stream.finalText()).toBe('one two three');
    expect(deltas.length).toBeGreaterThan(1);
  });

  it.each([false, true])('runs tools (streamed: %s)', async (stream) => {
    lineup.upstream.next(answers('', { toolCall: WEATHER.call }), answers('It is sunny.'));
    const asked: unknown[] = [];
    const tools = [
      betaTool({
        name: WEATHER.name,
        description: WEATHER.description,
        inputSchema: WEATHER.schema,
        run: (input: unknown) => {
          asked.push(input);
          return 'sunny';
        },
      }),
    ];
    const runner = client.beta.messages.toolRunner({ ...ask, tools, stream });
    const final = await runner.runUntilDone();
    expect(final.content).toMatchObject([{ type: 'text', text: 'It is sunny.' }]);
    expect(asked).toEqual([{ city: 'Oslo' }]);
    expect(JSON.stringify(lineup.upstream.received[1]?.body)).toContain('sunny');
  });

  it('counts tokens', async () => {
    const { input_tokens: short } = await client.messages.countTokens({
      model: ask.model,
      messages: ask.messages,
    });
    const { input_tokens: long } = await client.messages.countTokens({
      model: ask.model,
      messages: ask.messages,
      system: 'Answer in one word, and be polite about it.',
    });
    expect(short).toBeGreaterThan(3);
    expect(long).toBeGreaterThan(short + 5);
  });

  it.each([
    { reply: fails(400, { type: 'invalid_request_error' }), error: Anthropic.BadRequestError },
    { reply: rateLimited(7), error: Anthropic.RateLimitError },
    { reply: fails(500), error: Anthropic.InternalServerError },
  ])('raises $error.name', async ({ reply, error }) => {
    lineup.upstream.next(reply);
    await expect(client.messages.create(ask)).rejects.toBeInstanceOf(error);
  });
});
