/** The ordinary calls of LangChain's OpenAI client, against every upstream dialect. */
import { type AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { answers, fails } from '../fakes/upstream.ts';
import { type Lineup, modelVia, startLineup, WEATHER } from './lineup.ts';

let lineup: Lineup;
beforeAll(async () => {
  lineup = await startLineup();
});
afterEach(() => lineup.upstream.reset());
afterAll(() => lineup.close());

const COMBINATIONS = DIALECT_IDS.flatMap((upstream) => [
  { upstream, api: 'chat completions', useResponsesApi: false },
  { upstream, api: 'responses', useResponsesApi: true },
]);

describe.each(COMBINATIONS)(
  'ChatOpenAI ($api) before an upstream of $upstream',
  ({ upstream, useResponsesApi }) => {
    const chat = (): ChatOpenAI =>
      new ChatOpenAI({
        model: modelVia(upstream),
        apiKey: 'k',
        maxRetries: 0,
        useResponsesApi,
        streamUsage: true,
        configuration: { baseURL: lineup.v1 },
      });

    it('invokes, with its usage', async () => {
      lineup.upstream.next(answers('Paris.'));
      const message = await chat().invoke([new SystemMessage('Be brief.'), new HumanMessage('Capital?')]);
      expect(message.text).toBe('Paris.');
      expect(message.usage_metadata).toMatchObject({ input_tokens: 10, output_tokens: 5 });
    });

    it('streams', async () => {
      lineup.upstream.next(answers('one two three'));
      const parts: string[] = [];
      for await (const chunk of await chat().stream('Count.')) parts.push(chunk.text);
      expect(parts.join('')).toBe('one two three');
      expect(parts.filter((part) => part !== '').length).toBeGreaterThan(1);
    });

    it('calls a tool and goes on with its result', async () => {
      lineup.upstream.next(answers('', { toolCall: WEATHER.call }), answers('It is sunny.'));
      const { name, description, schema: parameters } = WEATHER;
      const bound = chat().bindTools([{ type: 'function', function: { name, description, parameters } }]);
      const question = new HumanMessage('Weather in Oslo?');
      const called = await bound.invoke([question]);
      expect(called.tool_calls?.[0]).toMatchObject({ name, args: { city: 'Oslo' } });
      const result = new ToolMessage({ content: 'sunny', tool_call_id: called.tool_calls?.[0]?.id ?? '' });
      const answer = await bound.invoke([question, called as AIMessage, result]);
      expect(answer.text).toBe('It is sunny.');
      expect(JSON.stringify(lineup.upstream.received[1]?.body)).toContain('sunny');
    });

    it('reads structured output', async () => {
      lineup.upstream.next(answers('{"city":"Oslo"}'));
      const structured = chat().withStructuredOutput(z.object({ city: z.string() }), {
        method: 'jsonSchema',
        name: 'place',
      });
      expect(await structured.invoke('Which city?')).toEqual({ city: 'Oslo' });
    });

    it('answers a batch', async () => {
      lineup.upstream.otherwise(({ body }) => answers(JSON.stringify(body).includes('first') ? 'A' : 'B'));
      const both = await chat().batch(['first', 'second']);
      expect(both.map((message) => message.text)).toEqual(['A', 'B']);
    });

    it('raises an error that says what the upstream refused', async () => {
      lineup.upstream.next(fails(400, { type: 'invalid_request_error', message: 'temperature is too high' }));
      await expect(chat().invoke('x')).rejects.toThrow(/temperature is too high/);
    });
  },
);
