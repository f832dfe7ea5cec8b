import { z } from 'zod';
import type { ChatResponse } from '../../core/chat.ts';
import { isJsonObject } from '../../core/json.ts';
import { decodeEmbeddedError } from '../upstream-error.ts';
import { parseAt, parseBody, present, typedObject } from '../validate.ts';
import { decodeAnswerBlock } from './answer-block.ts';
import { ownPieces } from './message-pieces.ts';
import { decodeStopReason } from './stop-reason.ts';
import { decodeUsage } from './usage.ts';

const responseBody = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  content: z.array(typedObject),
  stop_reason: z.string().nullish(),
  stop_sequence: z.string().nullish(),
});

/** A message as ChatResponse. Throws `upstream_malformed`, or what an error with status 200 means. */
export function decodeResponse(body: unknown): ChatResponse {
  const raw = parseBody(body, 'upstream_malformed');
  if (raw.type === 'error' || (raw.error && raw.content === undefined)) throw decodeEmbeddedError(raw);
  const fields = parseAt(responseBody, raw, '', 'upstream_malformed');
  return {
    dialect: 'anthropic-messages',
    raw,
    id: fields.id ?? '',
    model: fields.model ?? '',
    content: [
      ...fields.content.flatMap((block, index) => decodeAnswerBlock(block, `content[${index}]`)),
      ...ownPieces(raw).map(
        (piece) => ({ type: 'opaque', dialect: 'anthropic-messages', ...piece }) as const,
      ),
    ],
    stopReason: decodeStopReason(fields.stop_reason),
    ...present({
      stopSequence: fields.stop_sequence,
      usage: isJsonObject(raw.usage) ? decodeUsage(raw.usage) : undefined,
    }),
  };
}
