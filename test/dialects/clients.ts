import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

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
