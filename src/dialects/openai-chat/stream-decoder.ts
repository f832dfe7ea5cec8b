import type { ChatEvent, Usage } from '../../core/chat.ts';
import type { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import type { StreamDecoder } from '../../core/ports.ts';
import { parseJson } from '../parse-json.ts';
import { brokenStream, decodeEmbeddedError } from '../upstream-error.ts';
import { present } from '../validate.ts';
import { answerPieces, isOwnCall, ownPieces, readAnswerText } from './answer-content.ts';
import { addLogprobs, meanLogprob, NO_LOGPROBS } from './logprobs.ts';
import { readSignedReasoning } from './reasoning-details.ts';
import { decodeStopReason, isInterrupted } from './stop-reason.ts';
import { createToolCallDeltas } from './tool-call-deltas.ts';
import { decodeUsage } from './usage.ts';

const DONE = '[DONE]';

/**
 * Decodes one chat completions stream, the first choice of it. The usage may follow the finish reason, so the
 * `finish` comes with `[DONE]` or, where a server leaves that out, with the end of the stream.
 */
export function createStreamDecoder(): StreamDecoder {
  const toolCalls = createToolCallDeltas();
  let id = '';
  let started = false;
  let ended = false;
  let hasRefusal = false;
  let finishReason: string | undefined;
  let usage: Usage | undefined;
  let logprobs = NO_LOGPROBS;
  const told = new Set<string>();

  function fail(error: RouterError): ChatEvent[] {
    ended = true;
    return [{ type: 'error', error }];
  }

  function finish(): ChatEvent[] {
    if (isInterrupted(finishReason)) return fail(brokenStream('upstream_error', 'was interrupted'));
    ended = true;
    const late = toolCalls.end();
    const kinds = { hasToolCalls: toolCalls.count > 0, hasRefusal };
    return [
      ...late,
      {
        type: 'finish',
        stopReason: decodeStopReason(finishReason, kinds),
        ...present({ usage, logprobs: meanLogprob(logprobs) }),
      },
    ];
  }

  function start(chunk: JsonObject): ChatEvent[] {
    if (started) return [];
    started = true;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    id = text(chunk.id);
    return [{ type: 'start', id, model: text(chunk.model) }];
  }

  function delta(fields: JsonObject): ChatEvent[] {
    const { thinking, text, refusal } = readAnswerText(fields);
    const events: ChatEvent[] = [];
    const signed = readSignedReasoning(fields);
    if (thinking !== '') events.push({ type: 'thinking', text: thinking });
    for (const signature of signed.signatures) events.push({ type: 'thinking_signature', signature });
    for (const data of signed.redacted) events.push({ type: 'redacted_thinking', data });
    if (text !== '') events.push({ type: 'text', text });
    if (refusal !== '') events.push({ type: 'refusal', text: refusal });
    hasRefusal ||= refusal !== '';
    if (Array.isArray(fields.tool_calls)) {
      events.push(
        ...toolCalls.push(
          fields.tool_calls.filter((call) => !isOwnCall(call)),
          id,
        ),
      );
    }
    if (isJsonObject(fields.function_call))
      events.push(...toolCalls.push([{ function: fields.function_call }], id));
    for (const piece of ownPieces(fields)) events.push({ type: 'opaque', ...piece });
    return events;
  }

  /** What stands beside the choices, which some servers repeat in every chunk: each kind once. */
  function beside(chunk: JsonObject): ChatEvent[] {
    return answerPieces(chunk).flatMap((piece): ChatEvent[] => {
      if (told.has(piece.kind)) return [];
      told.add(piece.kind);
      return [{ type: 'opaque', ...piece }];
    });
  }

  function chunkEvents(chunk: JsonObject): ChatEvent[] {
    const own = isJsonObject(chunk.x_groq) ? chunk.x_groq.usage : undefined;
    usage = decodeUsage(chunk.usage ?? undefined) ?? decodeUsage(own ?? undefined) ?? usage;
    const choices = Array.isArray(chunk.choices) ? chunk.choices.filter(isJsonObject) : [];
    const choice = choices.find((candidate) => (candidate.index ?? 0) === 0);
    if (choice === undefined) return [];
    logprobs = addLogprobs(logprobs, choice);
    const events = start(chunk);
    if (isJsonObject(choice.delta)) events.push(...delta(choice.delta));
    events.push(...beside(chunk));
    if (typeof choice.finish_reason === 'string') finishReason = choice.finish_reason;
    return events;
  }

  return {
    push({ data }) {
      if (ended || data === '') return [];
      if (data.trim() === DONE) {
        return started ? finish() : fail(brokenStream('upstream_malformed', 'ended without an answer'));
      }
      const chunk = parseJson(data);
      if (!isJsonObject(chunk)) return fail(brokenStream('upstream_malformed', 'held an unreadable event'));
      if (chunk.error) return fail(decodeEmbeddedError(chunk));
      return chunkEvents(chunk);
    },
    end() {
      if (ended) return [];
      if (finishReason !== undefined) return finish();
      return fail(brokenStream('upstream_error', 'broke off before its end'));
    },
  };
}
