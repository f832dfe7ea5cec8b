import type { ChatRequest } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, ownValue } from '../../core/json.ts';
import type { EncodedRequest } from '../../core/ports.ts';
import { createLosses, type Losses } from '../losses.ts';
import { effortOf } from '../reasoning.ts';
import { present } from '../validate.ts';
import { wantsSignedCalls, withSignedCalls } from './call-signatures.ts';
import { encodeMessages } from './encode-messages.ts';
import { withLogprobs } from './logprobs.ts';
import type { OpenAiChatOptions } from './options.ts';
import { encodeResponseFormat } from './response-format.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';

const MAX_STOP_SEQUENCES = 4;
const MAX_USER_LENGTH = 64;

/** Efforts of other dialects that not every reasoning model of this one knows. */
const EFFORTS: Readonly<Record<string, string>> = { xhigh: 'high', max: 'high' };

function encodeStop(stop: readonly string[] | undefined, losses: Losses): string[] | undefined {
  if (stop === undefined || stop.length === 0) return undefined;
  if (stop.length > MAX_STOP_SEQUENCES) losses.drop('stop');
  return stop.slice(0, MAX_STOP_SEQUENCES);
}

function encodeUser(user: string | undefined, losses: Losses): string | undefined {
  if (user === undefined || user.length <= MAX_USER_LENGTH) return user;
  losses.drop('user');
  return undefined;
}

function translate(request: ChatRequest, model: string, limitField: string, losses: Losses): JsonObject {
  for (const field of request.nativeFields ?? []) {
    if (field.essential) losses.refuse(`The field "${field.name}"`, field.name);
    losses.drop(field.name);
  }
  if (Object.keys(request.metadata).length > 0) losses.drop('metadata');
  const tools = encodeTools(request.tools, losses);
  const effort = effortOf(request.reasoning);
  return {
    model,
    messages: encodeMessages(request.messages, losses),
    ...present({
      tools: tools.length > 0 ? tools : undefined,
      tool_choice: tools.length > 0 ? encodeToolChoice(request.toolChoice) : undefined,
      parallel_tool_calls: tools.length > 0 ? request.parallelToolCalls : undefined,
      response_format: encodeResponseFormat(request.responseFormat),
      [limitField]: request.maxOutputTokens,
      temperature: request.temperature,
      top_p: request.topP,
      stop: encodeStop(request.stop, losses),
      reasoning_effort: effort === undefined ? undefined : (ownValue(EFFORTS, effort) ?? effort),
      stream: request.stream ? true : undefined,
      user: encodeUser(request.user, losses),
    }),
  };
}

/** The same body with the output ceiling under the name this upstream knows. */
function renameLimit(body: JsonObject, limitField: OpenAiChatOptions['outputLimitField']): JsonObject {
  if (limitField === undefined) return body;
  const other = limitField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  if (body[other] === undefined) return body;
  const { [other]: limit, ...rest } = body;
  return { ...rest, [limitField]: rest[limitField] ?? limit };
}

/** The body with the ceiling that the route sets where the caller gave none. */
function withLimit(request: ChatRequest, limitField: string): JsonObject {
  const { raw, maxOutputTokens } = request;
  const given = raw.max_tokens ?? raw.max_completion_tokens;
  return given === undefined && maxOutputTokens !== undefined
    ? { ...raw, [limitField]: maxOutputTokens }
    : raw;
}

function withStreamUsage(body: JsonObject): JsonObject {
  const options = isJsonObject(body.stream_options) ? body.stream_options : {};
  return { ...body, stream_options: { ...options, include_usage: true } };
}

/** See Dialect.encodeRequest. A stream always asks for its usage, so that its cost can be known. */
export function encodeRequest(
  request: ChatRequest,
  upstreamModel: string,
  options: OpenAiChatOptions = {},
): EncodedRequest {
  const losses = createLosses('openai-chat');
  const refused = options.refuses?.(upstreamModel) ?? [];
  const limitField = options.outputLimitField ?? 'max_completion_tokens';
  let body: JsonObject =
    request.dialect === 'openai-chat'
      ? renameLimit({ ...withLimit(request, limitField), model: upstreamModel }, options.outputLimitField)
      : translate(request, upstreamModel, limitField, losses);
  if (wantsSignedCalls(upstreamModel)) body = withSignedCalls(body);
  if (request.readLogprobs && !refused.includes('logprobs')) body = withLogprobs(body);
  for (const name of refused) {
    if (body[name] === undefined || body[name] === null) continue;
    losses.drop(name);
    body = Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
  }
  if (request.stream && !refused.includes('stream_options')) body = withStreamUsage(body);
  return { body, dropped: losses.list() };
}
