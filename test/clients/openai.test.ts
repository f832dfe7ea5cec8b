/** The ordinary calls of the official `openai` client, against every upstream dialect. */
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { answers, fails, rateLimited } from '../fakes/upstream.ts';
import { type Lineup, modelVia, startLineup, WEATHER } from './lineup.ts';

let lineup: Lineup;
let client: OpenAI;
beforeAll(async () => {
  lineup = await startLineup();
  client = new OpenAI({ baseURL: lineup.v1, apiKey: 'k', maxRetries: 0 });
});
afterEach(() => lineup.upstream.reset());
afterAll(() => lineup.close());

const place = z.object({ city: z.string() });

describe.each(DIALECT_IDS)('openai before an upstream of %s', (dialect) => {
  const model = modelVia(dialect);
  const ask = { model, messages: [{ role: 'user' as const, content: 'Capital?' }] };

  it('chat: creates', async () => {
    lineup.upstream.next(answers('Paris.'));
    const answer = await client.chat.completions.create(ask);
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Paris.' } });
    expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 });
  });

  it('chat: streams, with the usage that was asked for', async () => {
    lineup.upstream.next(answers('one two three'));
    const stream = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    const deltas: string[] = [];
    stream.on('content', (delta) => deltas.push(delta));
    const final = await stream.finalChatCompletion();
    expect(deltas.join('')).toBe('one two three');
    expect(deltas.length).toBeGreaterThan(1);
    expect(final.usage?.total_tokens).toBe(15);
  });

  it.each([false, true])('chat: runs tools (streamed: %s)', async (stream) => {
    lineup.upstream.next(answers('', { toolCall: WEATHER.call }), answers('It is sunny.'));
    const { name, description, schema: parameters } = WEATHER;
    const asked: unknown[] = [];
    const tools = [
      {
        type: 'function' as const,
        function: {
          name,
          description,
          parameters,
          parse: JSON.parse,
          function: (input: unknown) => {
            asked.push(input);
            return 'sunny';
          },
        },
      },
    ];
    const runner = stream
      ? client.chat.completions.runTools({ ...ask, stream: true, tools })
      : client.chat.completions.runTools({ ...ask, tools });
    expect(await runner.finalContent()).toBe('It is sunny.');
    expect(asked).toEqual([{ city: 'Oslo' }]);
    expect(JSON.stringify(lineup.upstream.received[1]?.body)).toContain('sunny');
  });

  it('chat: parses an answer by its schema', async () => {
    lineup.upstream.next(answers('{"city":"Oslo"}'));
    const answer = await client.chat.completions.parse({
      ...ask,
      response_format: zodResponseFormat(place, 'place'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ city: 'Oslo' });
    expect(JSON.stringify(lineup.upstream.received[0]?.body)).toContain('"city"');
  });

  it('responses: creates, with output_text and usage', async () => {
    lineup.upstream.next(answers('Paris.'));
    const answer = await client.responses.create({ model, instructions: 'Be brief.', input: 'Capital?' });
    expect(answer.output_text).toBe('Paris.');
    expect(answer.status).toBe('completed');
    expect(answer.usage).toMatchObject({ input_tokens: 10, output_tokens: 5, total_tokens: 15 });
  });

  it('responses: streams', async () => {
    lineup.upstream.next(answers('one two three'));
    const stream = client.responses.stream({ model, input: 'Count.' });
    const deltas: string[] = [];
    stream.on('response.output_text.delta', ({ delta }) => deltas.push(delta));
    const final = await stream.finalResponse();
    expect(deltas.join('')).toBe('one two three');
    expect(deltas.length).toBeGreaterThan(1);
    expect(final.output_text).toBe('one two three');
  });

  it('responses: calls a tool and goes on with its result', async () => {
    lineup.upstream.next(answers('', { toolCall: WEATHER.call }), answers('It is sunny.'));
    const { name, description, schema: parameters } = WEATHER;
    const tools = [{ type: 'function' as const, name, description, parameters, strict: true }];
    const question = { role: 'user' as const, content: 'Weather in Oslo?' };
    const first = await client.responses.create({ model, tools, input: [question] });
    const call = first.output.find((item) => item.type === 'function_call');
    if (call?.type !== 'function_call') throw new Error('the tool was not called');
    expect(call).toMatchObject({ name, arguments: '{"city":"Oslo"}' });
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' };
    const second = await client.responses.create({
      model,
      tools,
      input: [question, call, result],
    });
    expect(second.output_text).toBe('It is sunny.');
    expect(JSON.stringify(lineup.upstream.received[1]?.body)).toContain('sunny');
  });

  it('responses: parses an answer by its schema', async () => {
    lineup.upstream.next(answers('{"city":"Oslo"}'));
    const answer = await client.responses.parse({
      model,
      input: 'Which city?',
      text: { format: zodTextFormat(place, 'place') },
    });
    expect(answer.output_parsed).toEqual({ city: 'Oslo' });
  });

  it.each([
    { reply: fails(400, { type: 'invalid_request_error' }), error: OpenAI.BadRequestError },
    { reply: rateLimited(7), error: OpenAI.RateLimitError },
    { reply: fails(500), error: OpenAI.InternalServerError },
  ])('raises $error.name', async ({ reply, error }) => {
    lineup.upstream.next(reply, reply);
    await expect(client.chat.completions.create(ask)).rejects.toBeInstanceOf(error);
    await expect(client.responses.create({ model, input: 'x' })).rejects.toBeInstanceOf(error);
  });
});

it('lists the models', async () => {
  const ids: string[] = [];
  for await (const model of client.models.list()) ids.push(model.id);
  expect(ids).toEqual(expect.arrayContaining(['auto', ...DIALECT_IDS.map(modelVia)]));
});
