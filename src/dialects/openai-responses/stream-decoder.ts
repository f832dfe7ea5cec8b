import type { ChatEvent } from '../../core/chat.ts';
import type { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { StreamDecoder } from '../../core/ports.ts';
import { parseJson } from '../parse-json.ts';
import { brokenStream, decodeEmbeddedError } from '../upstream-error.ts';
import { present } from '../validate.ts';
import { failureOf } from './decode-response.ts';
import { createItemDecoder } from './item-decoder.ts';
import { decodeStopReason } from './stop-reason.ts';
import { decodeUsage } from './usage.ts';

/** Some gateways end every stream with it. */
const DONE = '[DONE]';

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/**
 * Decodes one Responses stream. The `finish` comes with `response.completed` or `response.incomplete`; `error` and
 * `response.failed` mean the same failure, of which the first that comes is told.
 */
export function createStreamDecoder(): StreamDecoder {
  const items = createItemDecoder();
  let started = false;
  let ended = false;

  function start(response: JsonObject): ChatEvent[] {
    if (started) return [];
    started = true;
    return [{ type: 'start', id: textOf(response.id), model: textOf(response.model) }];
  }

  function fail(error: RouterError): ChatEvent[] {
    ended = true;
    return [{ type: 'error', error }];
  }

  /** Some servers send nothing, or not everything, before their last event, which holds the whole answer. */
  function finish(response: JsonObject): ChatEvent[] {
    const output = Array.isArray(response.output) ? response.output : [];
    const late = items.late(output);
    ended = true;
    const stopReason = decodeStopReason(response, items);
    const usage = decodeUsage(response.usage);
    return [...start(response), ...late, { type: 'finish', stopReason, ...present({ usage }) }];
  }

  function contentEvents(event: JsonObject): ChatEvent[] {
    const events = items.push(event);
    return events.length === 0 ? [] : [...start({}), ...events];
  }

  function eventsOf(event: JsonObject): ChatEvent[] {
    const response = isJsonObject(event.response) ? event.response : {};
    switch (event.type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return start(response);
      case 'response.completed':
      case 'response.incomplete':
        return finish(response);
      case 'response.failed':
      case 'response.cancelled':
        return fail(failureOf(response));
      case 'error':
        return fail(decodeEmbeddedError(event));
      case undefined:
        return event.error ? fail(decodeEmbeddedError(event)) : [];
      default:
        return contentEvents(event);
    }
  }

  return {
    push({ data }) {
      if (ended || data === '') return [];
      if (data.trim() === DONE) return fail(brokenStream('upstream_malformed', 'ended without an answer'));
      const event = parseJson(data);
      if (!isJsonObject(event)) return fail(brokenStream('upstream_malformed', 'held an unreadable event'));
      return eventsOf(event);
    },
    end: () => (ended ? [] : fail(brokenStream('upstream_error', 'broke off before its end'))),
  };
}
