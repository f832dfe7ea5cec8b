import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { DialectId } from '../../src/core/chat.ts';

function answer(body: string, type: string, status: number): () => Promise<Response> {
  return async () => new Response(body, { status, headers: { 'content-type': type } });
}

/** The official client, answered with this text whatever it asks. */
export function openAiAnswered(body: string, type = 'text/event-stream', status = 200): OpenAI {
  return new OpenAI({
    apiKey: 'none',
    baseURL: 'http://localhost/v1',
    maxRetries: 0,
    fetch: answer(body, type, status),
  });
}

/** The official client, answered with this text whatever it asks. */
export function anthropicAnswered(body: string, type = 'text/event-stream', status = 200): Anthropic {
  return new Anthropic({
    apiKey: 'none',
    baseURL: 'http://localhost',
    maxRetries: 0,
    fetch: answer(body, type, status),
  });
}

/** What a client made of a stream. */
export interface Seen {
  readonly text: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  readonly stop: string | null | undefined;
  /** Input and output, cached input included. */
  readonly tokens: number | undefined;
}

const ASK = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };

async function readAsOpenAi(stream: string): Promise<Seen> {
  const final = await openAiAnswered(stream).chat.completions.stream(ASK).finalChatCompletion();
  const choice = final.choices[0];
  const calls = (choice?.message.tool_calls ?? []).flatMap((call) =>
    call.type === 'function'
      ? [{ name: call.function.name, input: JSON.parse(call.function.arguments) }]
      : [],
  );
  const text = choice?.message.content ?? '';
  return { text, calls, stop: choice?.finish_reason, tokens: final.usage?.total_tokens };
}

async function readAsResponses(stream: string): Promise<Seen> {
  const final = await openAiAnswered(stream).responses.stream({ model: 'm', input: 'hi' }).finalResponse();
  const calls = final.output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, input: JSON.parse(item.arguments) }] : [],
  );
  const stop = final.incomplete_details?.reason ?? final.status;
  return { text: final.output_text, calls, stop, tokens: final.usage?.total_tokens };
}

async function readAsAnthropic(stream: string): Promise<Seen> {
  const client = anthropicAnswered(stream);
  const final = await client.messages.stream({ max_tokens: 1, ...ASK }).finalMessage();
  const texts = final.content.map((block) => (block.type === 'text' ? block.text : ''));
  const calls = final.content.flatMap((block) =>
    block.type === 'tool_use' ? [{ name: block.name, input: block.input }] : [],
  );
  const { input_tokens: input, output_tokens: output, cache_read_input_tokens: cached } = final.usage;
  return { text: texts.join(''), calls, stop: final.stop_reason, tokens: input + output + (cached ?? 0) };
}

const READERS: Readonly<Record<DialectId, (stream: string) => Promise<Seen>>> = {
  'openai-chat': readAsOpenAi,
  'openai-responses': readAsResponses,
  'anthropic-messages': readAsAnthropic,
};

/** Lets the dialect's official client read the text of a whole stream. */
export function readStreamAs(dialect: DialectId, stream: string): Promise<Seen> {
  return READERS[dialect](stream);
}
