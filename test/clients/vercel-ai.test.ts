/** The Vercel AI SDK's ordinary calls, against every upstream dialect. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, type LanguageModel, Output, stepCountIs, streamText, tool } from 'ai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { answers, breaksOff, fails } from '../fakes/upstream.ts';
import { type Lineup, modelVia, startLineup, WEATHER } from './lineup.ts';

let lineup: Lineup;
beforeAll(async () => {
  lineup = await startLineup();
});
afterEach(() => lineup.upstream.reset());
afterAll(() => lineup.close());

const CLIENTS: readonly { readonly name: string; readonly model: (id: string) => LanguageModel }[] = [
  {
    name: 'openai.chat',
    model: (id) => createOpenAI({ baseURL: lineup.v1, apiKey: 'k' }).chat(id),
  },
  {
    name: 'openai.responses',
    model: (id) => createOpenAI({ baseURL: lineup.v1, apiKey: 'k' }).responses(id),
  },
  { name: 'anthropic', model: (id) => createAnthropic({ baseURL: lineup.v1, apiKey: 'k' })(id) },
];

const COMBINATIONS = CLIENTS.flatMap((client) =>
  DIALECT_IDS.map((upstream) => ({ ...client, upstream, id: modelVia(upstream) })),
);

const weather = tool({
  description: WEATHER.description,
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});

describe.each(COMBINATIONS)('$name before an upstream of $upstream', ({ model, id }) => {
  it('generates text, with its usage', async () => {
    lineup.upstream.next(answers('Paris is the capital.'));
    const { text, usage, finishReason } = await generateText({
      model: model(id),
      maxOutputTokens: 100,
      prompt: 'Capital?',
    });
    expect(text).toBe('Paris is the capital.');
    expect(finishReason).toBe('stop');
    expect(usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  it('streams text', async () => {
    lineup.upstream.next(answers('one two three'));
    const result = streamText({ model: model(id), maxOutputTokens: 100, prompt: 'Count.' });
    const parts: string[] = [];
    for await (const part of result.textStream) parts.push(part);
    expect(parts.join('')).toBe('one two three');
    expect(parts.length).toBeGreaterThan(1);
    expect(await result.finishReason).toBe('stop');
    expect(await result.usage).toMatchObject({ inputTokens: 10, outputTokens: 5 });
  });

  it.each(['generate', 'stream'] as const)('%s: calls a tool and goes on with its result', async (how) => {
    lineup.upstream.next(answers('', { toolCall: WEATHER.call }), answers('It is sunny.'));
    const options = {
      model: model(id),
      maxOutputTokens: 100,
      system: 'Be brief.',
      prompt: 'Weather in Oslo?',
      tools: { [WEATHER.name]: weather },
      stopWhen: stepCountIs(2),
    };
    const result = how === 'generate' ? await generateText(options) : streamText(options);
    expect(await result.text).toBe('It is sunny.');
    const [first] = await result.steps;
    expect(first?.toolResults[0]).toMatchObject({
      toolName: WEATHER.name,
      input: { city: 'Oslo' },
      output: 'sunny in Oslo',
    });
    expect(JSON.stringify(lineup.upstream.received[1]?.body)).toContain('sunny in Oslo');
  });

  it('reads an object that fits a schema', async () => {
    lineup.upstream.next(answers('{"city":"Oslo"}'));
    const { output } = await generateText({
      model: model(id),
      maxOutputTokens: 100,
      prompt: 'Which city?',
      output: Output.object({ schema: z.object({ city: z.string() }) }),
    });
    expect(output).toEqual({ city: 'Oslo' });
    expect(JSON.stringify(lineup.upstream.received[0]?.body)).toContain('"city"');
  });

  it('sends an image', async () => {
    await generateText({
      model: model(id),
      maxOutputTokens: 100,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image', image: Buffer.from('iVBORw0KGgo=', 'base64'), mediaType: 'image/png' },
          ],
        },
      ],
    });
    expect(JSON.stringify(lineup.upstream.received[0]?.body)).toContain('iVBORw0KGgo=');
  });

  it('raises an error that says what the upstream refused', async () => {
    lineup.upstream.next(fails(400, { type: 'invalid_request_error', message: 'temperature is too high' }));
    await expect(
      generateText({ model: model(id), maxOutputTokens: 100, prompt: 'x', maxRetries: 0 }),
    ).rejects.toThrow(/temperature is too high/);
  });

  it('tells of a stream that broke after it began', async () => {
    lineup.upstream.next(breaksOff('one two three four five six', 6));
    const errors: unknown[] = [];
    const result = streamText({
      model: model(id),
      maxOutputTokens: 100,
      prompt: 'Count.',
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    let text = '';
    for await (const part of result.textStream) text += part;
    expect(text).toMatch(/^one/);
    expect(errors).toHaveLength(1);
  });
});
