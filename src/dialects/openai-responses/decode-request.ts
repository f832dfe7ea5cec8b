import { z } from 'zod';
import type { ChatRequest } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { jsonObject, parseAt, parseBody, present } from '../validate.ts';
import { decodeInput } from './decode-input.ts';
import { isOurResponse } from './ids.ts';
import { nativeFields } from './native-fields.ts';
import { decodeTextFormat } from './text-format.ts';
import { decodeToolChoice, decodeTools } from './tools.ts';

const requestBody = z.looseObject({
  model: z.string().min(1),
  instructions: z.string().nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  previous_response_id: z.string().nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  metadata: jsonObject.nullish(),
});

/** Fields that bring what `input` otherwise must: what is stored at the provider. */
const STORED = ['previous_response_id', 'conversation', 'prompt'] as const;

function checkInput(raw: JsonObject): void {
  const isEmpty = raw.input === undefined || raw.input === null;
  if (!(isEmpty || (Array.isArray(raw.input) && raw.input.length === 0))) return;
  if (STORED.some((name) => raw[name] !== undefined && raw[name] !== null)) return;
  const problem = isEmpty ? 'is required and must be a string or an array of items' : 'must not be empty';
  throw new RouterError('invalid_request', `input ${problem}.`, { field: 'input' });
}

/** An answer that was translated from another dialect is stored nowhere. */
function checkPrevious(id: string | null | undefined): void {
  if (!id || !isOurResponse(id)) return;
  const field = 'previous_response_id';
  throw new RouterError(
    'invalid_request',
    `${field} names an answer that was translated from another format and is not stored; send the conversation as input.`,
    { field },
  );
}

/** A Responses body as a ChatRequest. Throws `invalid_request` naming the field and what is allowed. */
export function decodeRequest(body: unknown): ChatRequest {
  const raw = parseBody(body);
  const fields = parseAt(requestBody, raw, '');
  checkInput(raw);
  checkPrevious(fields.previous_response_id);
  const native = nativeFields(raw);
  const { choice, tools } = decodeToolChoice(raw.tool_choice, decodeTools(raw.tools));
  const metadata = Object.entries(isJsonObject(raw.metadata) ? raw.metadata : {});
  return {
    dialect: 'openai-responses',
    raw,
    model: fields.model,
    messages: decodeInput(fields.instructions, raw.input),
    tools,
    stream: fields.stream ?? false,
    metadata: Object.fromEntries(
      metadata.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    ...present({
      toolChoice: choice,
      parallelToolCalls: fields.parallel_tool_calls,
      responseFormat: decodeTextFormat(raw.text),
      maxOutputTokens: fields.max_output_tokens,
      temperature: fields.temperature,
      topP: fields.top_p,
      reasoning: fields.reasoning?.effort ? { effort: fields.reasoning.effort } : undefined,
      user: fields.safety_identifier ?? fields.user,
      nativeFields: native.length > 0 ? native : undefined,
    }),
  };
}
