import { z } from 'zod';
import type { ChatResponse, Part } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { decodeEmbeddedError } from '../upstream-error.ts';
import { jsonObject, parseAt, parseBody, present } from '../validate.ts';
import { answerPieces, isOwnCall, ownPieces, readAnswerText } from './answer-content.ts';
import { callId } from './call-id.ts';
import { addLogprobs, meanLogprob, NO_LOGPROBS } from './logprobs.ts';
import { thinkingParts } from './reasoning-details.ts';
import { decodeStopReason, isInterrupted } from './stop-reason.ts';
import { decodeUsage } from './usage.ts';

const answered = z.looseObject({ message: jsonObject, finish_reason: z.string().nullish() });
/** What a filter held back has a reason and may have no message. */
const heldBack = z.looseObject({
  message: z.null().optional(),
  finish_reason: z.string().regex(/filter|safety|recitation|prohibited/i),
});
const responseBody = z.looseObject({
  id: z.unknown().optional(),
  model: z.unknown().optional(),
  choices: z.array(z.union([heldBack, answered], { error: 'must hold a message' })).min(1),
});
const functionCall = z.looseObject({
  name: z.string(),
  arguments: z.union([z.string(), jsonObject], { error: 'must be a string' }).nullish(),
});
const toolCall = z.looseObject({ id: z.string().nullish(), function: functionCall });

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** As the model wrote them; nothing at all is an empty object. */
function argumentsText(value: string | JsonObject | null | undefined): string {
  if (typeof value === 'string') return value.trim() === '' ? '{}' : value;
  return JSON.stringify(value ?? {});
}

function decodeToolCalls(message: JsonObject, answerId: string): Part[] {
  const path = 'choices[0].message.tool_calls';
  const sent = message.tool_calls;
  const functions = Array.isArray(sent) ? sent.filter((call) => !isOwnCall(call)) : sent;
  const calls = parseAt(z.array(toolCall).nullish(), functions, path, 'upstream_malformed') ?? [];
  const legacy = parseAt(functionCall.nullish(), message.function_call, path, 'upstream_malformed');
  const all = legacy ? [...calls, { id: undefined, function: legacy }] : calls;
  return all.map((call, index) => ({
    type: 'tool_call',
    id: call.id || callId(answerId, index),
    name: call.function.name,
    arguments: argumentsText(call.function.arguments),
  }));
}

/** The first choice of a chat completion. Throws `upstream_malformed`, or what an error with status 200 means. */
export function decodeResponse(body: unknown): ChatResponse {
  const raw = parseBody(body, 'upstream_malformed');
  if (raw.error && raw.choices === undefined) throw decodeEmbeddedError(raw);
  const { id, model, choices } = parseAt(responseBody, raw, '', 'upstream_malformed');
  const choice = choices.find(({ index }) => index === 0) ?? choices[0];
  if (isInterrupted(choice?.finish_reason)) {
    throw new RouterError('upstream_error', 'The model provider interrupted its answer.');
  }
  const message = choice?.message ?? {};
  const { thinking, text, refusal } = readAnswerText(message);
  const toolCalls = decodeToolCalls(message, textOf(id));
  const content: Part[] = thinkingParts(message, thinking);
  if (text !== '') content.push({ type: 'text', text });
  if (refusal !== '') content.push({ type: 'refusal', text: refusal });
  content.push(...toolCalls);
  for (const piece of [...ownPieces(message), ...answerPieces(raw)]) {
    content.push({ type: 'opaque', dialect: 'openai-chat', ...piece });
  }
  const kinds = { hasToolCalls: toolCalls.length > 0, hasRefusal: refusal !== '' };
  return {
    dialect: 'openai-chat',
    raw,
    id: textOf(id),
    model: textOf(model),
    content,
    stopReason: decodeStopReason(choice?.finish_reason, kinds),
    ...present({
      usage: decodeUsage(raw.usage),
      logprobs: meanLogprob(addLogprobs(NO_LOGPROBS, isJsonObject(choice) ? choice : undefined)),
    }),
  };
}
