import type { ChatEvent, Usage } from '../../core/chat.ts';
import type { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { StreamDecoder } from '../../core/ports.ts';
import { parseJson } from '../parse-json.ts';
import { brokenStream, decodeEmbeddedError } from '../upstream-error.ts';
import { present } from '../validate.ts';
import { createBlockDecoder } from './block-decoder.ts';
import { type OwnPiece, ownPieces } from './message-pieces.ts';
import { decodeStopReason } from './stop-reason.ts';
import { decodeUsage } from './usage.ts';

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Decodes one messages stream. The `finish` comes with `message_stop`, or with the end where a stop reason was seen. */
export function createStreamDecoder(): StreamDecoder {
  const blocks = createBlockDecoder();
  let started = false;
  let ended = false;
  let stopReason: string | undefined;
  let stopSequence: string | undefined;
  let counts: JsonObject | undefined;
  /** What stands beside the blocks is told at the end: it is no answer yet. */
  const pieces: OwnPiece[] = [];

  function fail(error: RouterError): ChatEvent[] {
    ended = true;
    return [{ type: 'error', error }];
  }

  function usage(): Usage | undefined {
    return counts && decodeUsage(counts);
  }

  /** Counts are cumulative: a later one replaces an earlier, a missing one leaves it. */
  function count(value: JsonValue | undefined): void {
    if (isJsonObject(value)) counts = { ...counts, ...present(value) };
  }

  function stopFields(fields: JsonObject): void {
    stopReason = textOf(fields.stop_reason) || stopReason;
    stopSequence = textOf(fields.stop_sequence) || stopSequence;
  }

  function finish(): ChatEvent[] {
    ended = true;
    const end = present({ stopSequence, usage: usage() });
    return [
      ...pieces.map((piece) => ({ type: 'opaque', ...piece }) as const),
      { type: 'finish', stopReason: decodeStopReason(stopReason), ...end },
    ];
  }

  /** Some answers are complete in their first event: blocks, stop reason and all. */
  function start(message: JsonObject): ChatEvent[] {
    if (started) return [];
    started = true;
    count(message.usage);
    stopFields(message);
    pieces.push(...ownPieces(message));
    const content = Array.isArray(message.content) ? message.content : [];
    return [
      { type: 'start', id: textOf(message.id), model: textOf(message.model), ...present({ usage: usage() }) },
      ...content.flatMap((block, index) => blocks.whole(block, index)),
    ];
  }

  function delta(event: JsonObject): ChatEvent[] {
    const fields = isJsonObject(event.delta) ? event.delta : {};
    stopFields(fields);
    count(event.usage);
    pieces.push(...[fields, event].flatMap(ownPieces));
    return [];
  }

  function eventOf(event: JsonObject): ChatEvent[] {
    switch (event.type) {
      case 'message_start':
        return isJsonObject(event.message) ? start(event.message) : [];
      case 'content_block_start':
      case 'content_block_delta':
      case 'content_block_stop':
        return started ? blocks.push(event) : [];
      case 'message_delta':
        return delta(event);
      case 'message_stop':
        return started ? finish() : fail(brokenStream('upstream_malformed', 'ended without an answer'));
      case 'error':
        return fail(decodeEmbeddedError(event));
      default:
        return [];
    }
  }

  return {
    push({ data }) {
      if (ended || data === '') return [];
      const event = parseJson(data);
      if (!isJsonObject(event)) return fail(brokenStream('upstream_malformed', 'held an unreadable event'));
      return eventOf(event);
    },
    end() {
      if (ended) return [];
      if (started && stopReason !== undefined) return finish();
      return fail(brokenStream('upstream_error', 'broke off before its end'));
    },
  };
}
