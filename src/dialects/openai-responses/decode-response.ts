import { z } from 'zod';
import type { ChatResponse, Part } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { decodeEmbeddedError } from '../upstream-error.ts';
import { jsonObject, parseAt, parseBody, present } from '../validate.ts';
import { decodeOutput } from './output-items.ts';
import { decodeStopReason, isFailed, isPending } from './stop-reason.ts';
import { decodeUsage } from './usage.ts';

const responseBody = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  status: z.string().nullish(),
  output: z.array(jsonObject),
});

/** What a response object that failed says of itself. */
export function failureOf(response: JsonObject): RouterError {
  return response.error
    ? decodeEmbeddedError({ error: response.error })
    : new RouterError('upstream_error', 'The model provider interrupted its answer.');
}

/** A background answer is nothing yet but the promise of one, which only its own dialect understands. */
function pendingPart(raw: JsonObject): Part {
  return { type: 'opaque', dialect: 'openai-responses', kind: 'background', raw: { status: raw.status } };
}

/** A response object as ChatResponse. Throws `upstream_malformed`, or what an error with status 200 means. */
export function decodeResponse(body: unknown): ChatResponse {
  const raw = parseBody(body, 'upstream_malformed');
  if (isFailed(raw.status)) throw failureOf(raw);
  if (raw.error && raw.output === undefined) throw decodeEmbeddedError(raw);
  const { id, model, status, output } = parseAt(responseBody, raw, '', 'upstream_malformed');
  const content = decodeOutput(output);
  if (isPending(status)) content.push(pendingPart(raw));
  const has = (type: Part['type']): boolean => content.some((part) => part.type === type);
  return {
    dialect: 'openai-responses',
    raw,
    id: id ?? '',
    model: model ?? '',
    content,
    stopReason: decodeStopReason(raw, { hasToolCalls: has('tool_call'), hasRefusal: has('refusal') }),
    ...present({ usage: decodeUsage(raw.usage) }),
  };
}
