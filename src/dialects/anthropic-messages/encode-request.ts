import type { ChatRequest, Message, Tool } from '../../core/chat.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { EncodedRequest } from '../../core/ports.ts';
import { createLosses, type Losses } from '../losses.ts';
import { present } from '../validate.ts';
import { encodeMessages, encodeSystem } from './encode-messages.ts';
import { encodeOutputFormat } from './output-format.ts';
import { type EncodedThinking, encodeThinking, type ThinkingStyle, thinkingStyleOf } from './thinking.ts';
import { encodeToolChoice, encodeTools } from './tools.ts';
import { withoutUnsignedThinking } from './unsigned-thinking.ts';

/** What an upstream that speaks Anthropic Messages does otherwise than the others. */
export interface AnthropicMessagesOptions {
  /** How a model is asked to think. Default: by its name. */
  readonly thinkingStyle?: (upstreamModel: string) => ThinkingStyle;
  /**
   * Body fields that the upstream refuses for a model (`temperature`, `top_p`, `thinking` …): they are left out of
   * every body and listed as dropped.
   */
  readonly refuses?: (upstreamModel: string) => readonly string[];
}

/** Stands in for the JSON mode that the format lacks. */
const JSON_INSTRUCTION = 'Answer with a single JSON object and nothing else.';

/** Texts that only say what the system prompt says are the conversation itself: the format wants a message. */
function withTurn(messages: readonly Message[]): readonly Message[] {
  if (messages.some((message) => message.role !== 'system')) return messages;
  return messages.map((message) => ({ ...message, role: 'user' }));
}

function withJsonInstruction(request: ChatRequest, losses: Losses): readonly Message[] {
  const messages = withTurn(request.messages);
  if (request.responseFormat?.type !== 'json_object') return messages;
  losses.drop('responseFormat');
  return [{ role: 'system', content: [{ type: 'text', text: JSON_INSTRUCTION }] }, ...messages];
}

/** The tools a history calls without defining them: the format wants every called tool defined. */
function calledTools(messages: readonly Message[]): readonly Tool[] {
  const names = messages.flatMap((message) =>
    message.content.flatMap((part) => (part.type === 'tool_call' ? [part.name] : [])),
  );
  return [...new Set(names)].map((name) => ({ type: 'function', name, parameters: { type: 'object' } }));
}

function encodeToolFields(request: ChatRequest, losses: Losses): JsonObject {
  if (request.tools.length > 0) {
    return present({
      tools: encodeTools(request.tools, losses),
      tool_choice: encodeToolChoice(request.toolChoice, request.parallelToolCalls),
    });
  }
  const called = calledTools(request.messages);
  return called.length > 0 ? { tools: encodeTools(called, losses), tool_choice: { type: 'none' } } : {};
}

/** Sampling: at most one of the two fields, in the format's range, and none while the model thinks. */
function encodeSampling(request: ChatRequest, thinks: boolean, losses: Losses): JsonObject {
  const { temperature, topP } = request;
  if (temperature === undefined) {
    if (topP === undefined || !thinks) return present({ top_p: topP });
    losses.drop('topP');
    return {};
  }
  if (topP !== undefined) losses.drop('topP');
  if (thinks || temperature > 1) losses.drop('temperature');
  return thinks ? {} : { temperature: Math.min(1, temperature) };
}

function encodeStop(stop: readonly string[] | undefined, losses: Losses): JsonValue[] | undefined {
  const visible = stop?.filter((sequence) => sequence.trim() !== '') ?? [];
  if (visible.length < (stop?.length ?? 0)) losses.drop('stop');
  return visible.length > 0 ? visible : undefined;
}

function outputConfig(request: ChatRequest, thinking: EncodedThinking): JsonObject | undefined {
  const config = present({ effort: thinking.effort, format: encodeOutputFormat(request.responseFormat) });
  return Object.keys(config).length > 0 ? config : undefined;
}

function translate(request: ChatRequest, model: string, style: ThinkingStyle, losses: Losses): JsonObject {
  for (const field of request.nativeFields ?? []) {
    if (field.essential) losses.refuse(`The field "${field.name}"`, field.name);
    losses.drop(field.name);
  }
  if (Object.keys(request.metadata).length > 0) losses.drop('metadata');
  const messages = withJsonInstruction(request, losses);
  const thinking = encodeThinking(request, style, losses);
  return {
    model,
    max_tokens: thinking.maxTokens,
    ...present({ system: encodeSystem(messages, losses) }),
    messages: encodeMessages(messages, losses),
    ...encodeToolFields(request, losses),
    ...encodeSampling(request, thinking.thinking !== undefined, losses),
    ...present({
      stop_sequences: encodeStop(request.stop, losses),
      thinking: thinking.thinking,
      output_config: outputConfig(request, thinking),
      metadata: request.user === undefined ? undefined : { user_id: request.user },
      stream: request.stream ? true : undefined,
    }),
  };
}

/** See Dialect.encodeRequest. */
export function encodeRequest(
  request: ChatRequest,
  upstreamModel: string,
  options: AnthropicMessagesOptions = {},
): EncodedRequest {
  const losses = createLosses('anthropic-messages');
  const style = (options.thinkingStyle ?? thinkingStyleOf)(upstreamModel);
  let body =
    request.dialect === 'anthropic-messages'
      ? withoutUnsignedThinking({ ...request.raw, model: upstreamModel }, losses)
      : translate(request, upstreamModel, style, losses);
  for (const name of options.refuses?.(upstreamModel) ?? []) {
    if (body[name] === undefined || body[name] === null) continue;
    losses.drop(name);
    body = Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
  }
  return { body, dropped: losses.list() };
}
