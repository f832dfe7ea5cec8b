import type { ChatRequest, TokenLogprobs } from '../../core/chat.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { parseJson } from '../parse-json.ts';

/** Servers write -9999 for tokens outside of their list; one such token must not decide the mean. */
const LEAST = -20;

export interface LogprobSum {
  readonly sum: number;
  readonly tokens: number;
}

export const NO_LOGPROBS: LogprobSum = { sum: 0, tokens: 0 };

/** Adds the log-probabilities of the text tokens in a choice or in a chunk of one. */
export function addLogprobs(so: LogprobSum, choice: JsonObject | undefined): LogprobSum {
  const content = isJsonObject(choice?.logprobs) ? choice.logprobs.content : undefined;
  if (!Array.isArray(content)) return so;
  const found = content.flatMap((token) =>
    isJsonObject(token) && typeof token.logprob === 'number' ? [Math.max(LEAST, token.logprob)] : [],
  );
  return { sum: found.reduce((sum, each) => sum + each, so.sum), tokens: so.tokens + found.length };
}

/** The mean; undefined without tokens. */
export function meanLogprob({ sum, tokens }: LogprobSum): TokenLogprobs | undefined {
  return tokens === 0 ? undefined : { mean: sum / tokens, tokens };
}

/** True where encodeRequest asks for log-probabilities that the caller did not ask for. */
function addsLogprobs(request: ChatRequest): boolean {
  return request.readLogprobs === true && request.dialect === 'openai-chat' && request.raw.logprobs !== true;
}

/** The body with the question for log-probabilities. */
export function withLogprobs(body: JsonObject): JsonObject {
  return { ...body, logprobs: true };
}

/** The JSON of an answer or chunk as it is without log-probabilities asked for; undefined where nothing is to be hidden. */
export function concealLogprobs(request: ChatRequest, json: string): string | undefined {
  if (!addsLogprobs(request) || !json.includes('"logprobs"')) return undefined;
  const body = parseJson(json);
  if (!isJsonObject(body) || !Array.isArray(body.choices)) return undefined;
  const choices = body.choices.map((choice) =>
    isJsonObject(choice) && choice.logprobs !== undefined ? { ...choice, logprobs: null } : choice,
  );
  return JSON.stringify({ ...body, choices });
}
