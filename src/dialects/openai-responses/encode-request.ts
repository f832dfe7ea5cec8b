import type { ChatRequest } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../../core/json.ts';
import type { EncodedRequest } from '../../core/ports.ts';
import { createLosses, type Losses } from '../losses.ts';
import { effortOf } from '../reasoning.ts';
import { present } from '../validate.ts';
import { encodeInput } from './encode-input.ts';
import { isOurItem } from './ids.ts';
import { encodeTextFormat } from './text-format.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';

/** What an upstream that speaks OpenAI Responses does otherwise than the others. */
export interface OpenAiResponsesOptions {
  /**
   * Body fields that the upstream refuses for a model (`temperature`, `reasoning` …): they are left out of every body
   * and listed as dropped.
   */
  readonly refuses?: (upstreamModel: string) => readonly string[];
  /**
   * The summary of its reasoning that a model is asked for where a caller of another format asks for reasoning
   * (`auto`, `concise`, `detailed`). Absent: none, since not every account may have it.
   */
  readonly reasoningSummary?: string;
}

/** The format refuses lower output ceilings. */
const MIN_OUTPUT_TOKENS = 16;
const MAX_USER_LENGTH = 64;

/** Efforts of other dialects that not every reasoning model of this one knows. */
const EFFORTS: Readonly<Record<string, string>> = { xhigh: 'high', max: 'high' };

function encodeReasoning(request: ChatRequest, summary: string | undefined): JsonObject | undefined {
  const effort = effortOf(request.reasoning);
  if (effort === undefined) return undefined;
  const asked = effort === 'none' ? {} : present({ summary });
  return { effort: ownValue(EFFORTS, effort) ?? effort, ...asked };
}

function encodeLimit(limit: number | undefined, losses: Losses): number | undefined {
  if (limit === undefined || limit >= MIN_OUTPUT_TOKENS) return limit;
  losses.drop('maxOutputTokens');
  return MIN_OUTPUT_TOKENS;
}

function encodeUser(user: string | undefined, losses: Losses): string | undefined {
  if (user === undefined || user.length <= MAX_USER_LENGTH) return user;
  losses.drop('user');
  return undefined;
}

/** A request of another dialect. It is not stored: its caller knows of no id to find it by. */
function translate(
  request: ChatRequest,
  model: string,
  { reasoningSummary }: OpenAiResponsesOptions,
  losses: Losses,
): JsonObject {
  for (const field of request.nativeFields ?? []) {
    if (field.essential) losses.refuse(`The field "${field.name}"`, field.name);
    losses.drop(field.name);
  }
  if (Object.keys(request.metadata).length > 0) losses.drop('metadata');
  if (request.stop !== undefined && request.stop.length > 0) losses.drop('stop');
  const tools = encodeTools(request.tools, losses);
  const hasTools = tools.length > 0;
  return {
    model,
    ...encodeInput(request.messages, losses),
    ...present({
      tools: hasTools ? tools : undefined,
      tool_choice: hasTools ? encodeToolChoice(request.toolChoice) : undefined,
      parallel_tool_calls: hasTools ? request.parallelToolCalls : undefined,
      text: encodeTextFormat(request.responseFormat),
      max_output_tokens: encodeLimit(request.maxOutputTokens, losses),
      temperature: request.temperature,
      top_p: request.topP,
      reasoning: encodeReasoning(request, reasoningSummary),
      stream: request.stream ? true : undefined,
      user: encodeUser(request.user, losses),
    }),
    store: false,
  };
}

function isOurs(item: JsonValue): item is JsonObject {
  return isJsonObject(item) && isOurItem(item.id);
}

/**
 * Items that were translated from another dialect are unknown to the provider: reasoning, which it would refuse, is
 * left out, the others lose only their ids.
 */
function withoutOurIds(body: JsonObject, losses: Losses): JsonObject {
  const { input } = body;
  if (!Array.isArray(input) || !input.some(isOurs)) return body;
  const kept = input.flatMap((item): JsonValue[] => {
    if (!isOurs(item)) return [item];
    const { id: _, ...rest } = item;
    if (item.type !== 'reasoning') return [rest];
    losses.drop('thinking');
    return [];
  });
  return { ...body, input: kept };
}

/** The body with the ceiling that the route sets where the caller gave none. */
function passed(request: ChatRequest, model: string, losses: Losses): JsonObject {
  const { raw, maxOutputTokens } = request;
  const body = withoutOurIds({ ...raw, model }, losses);
  const given = raw.max_output_tokens ?? undefined;
  return given === undefined && maxOutputTokens !== undefined
    ? { ...body, max_output_tokens: encodeLimit(maxOutputTokens, losses) }
    : body;
}

/** See Dialect.encodeRequest. */
export function encodeRequest(
  request: ChatRequest,
  upstreamModel: string,
  options: OpenAiResponsesOptions = {},
): EncodedRequest {
  const losses = createLosses('openai-responses');
  let body =
    request.dialect === 'openai-responses'
      ? passed(request, upstreamModel, losses)
      : translate(request, upstreamModel, options, losses);
  for (const name of options.refuses?.(upstreamModel) ?? []) {
    if (body[name] === undefined || body[name] === null) continue;
    losses.drop(name);
    body = Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
  }
  return { body, dropped: losses.list() };
}
