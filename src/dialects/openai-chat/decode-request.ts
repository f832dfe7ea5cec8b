import { z } from 'zod';
import type { ChatRequest } from '../../core/chat.ts';
import { isJsonObject } from '../../core/json.ts';
import { jsonObject, parseAt, parseBody, present } from '../validate.ts';
import { decodeMessages } from './decode-messages.ts';
import { nativeFields } from './native-fields.ts';
import { decodeResponseFormat } from './response-format.ts';
import { decodeFunctionCall, decodeToolChoice, decodeTools } from './tools.ts';

/** Local servers know -1 as no limit. */
const tokenLimit = z.preprocess((value) => (value === -1 ? undefined : value), z.int().min(1).nullish());

const requestBody = z.looseObject({
  model: z.string().min(1),
  max_completion_tokens: tokenLimit,
  max_tokens: tokenLimit,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z
    .union([z.string(), z.array(z.string())], { error: 'must be a string or an array of strings' })
    .nullish(),
  n: z.int().min(1).nullish(),
  reasoning_effort: z.string().nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  metadata: jsonObject.nullish(),
});

function stopSequences(stop: string | string[] | null | undefined): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined;
  return typeof stop === 'string' ? [stop] : stop;
}

/** A chat completions body as a ChatRequest. Throws `invalid_request` naming the field and what is allowed. */
export function decodeRequest(body: unknown): ChatRequest {
  const raw = parseBody(body);
  const fields = parseAt(requestBody, raw, '');
  const native = nativeFields(raw);
  const metadata = Object.entries(isJsonObject(raw.metadata) ? raw.metadata : {});
  return {
    dialect: 'openai-chat',
    raw,
    model: fields.model,
    messages: decodeMessages(raw.messages),
    tools: decodeTools(raw.tools, raw.functions),
    stream: fields.stream ?? false,
    metadata: Object.fromEntries(
      metadata.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    ...present({
      toolChoice: decodeToolChoice(raw.tool_choice) ?? decodeFunctionCall(raw.function_call),
      parallelToolCalls: fields.parallel_tool_calls,
      responseFormat: decodeResponseFormat(raw.response_format),
      maxOutputTokens: fields.max_completion_tokens ?? fields.max_tokens,
      temperature: fields.temperature,
      topP: fields.top_p,
      stop: stopSequences(fields.stop),
      reasoning: fields.reasoning_effort ? { effort: fields.reasoning_effort } : undefined,
      includeUsage: fields.stream_options?.include_usage,
      user: fields.user,
      nativeFields: native.length > 0 ? native : undefined,
    }),
  };
}
