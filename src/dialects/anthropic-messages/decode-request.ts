import { z } from 'zod';
import type { ChatRequest } from '../../core/chat.ts';
import { isJsonObject } from '../../core/json.ts';
import { parseAt, parseBody, present } from '../validate.ts';
import { decodeMessages } from './decode-messages.ts';
import { nativeFields } from './native-fields.ts';
import { decodeOutputConfig } from './output-format.ts';
import { decodeThinking } from './thinking.ts';
import { decodeToolChoice, decodeTools } from './tools.ts';

const requestBody = z.looseObject({
  model: z.string().min(1),
  max_tokens: z.int().min(0),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  stream: z.boolean().nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
});

/** A messages body as a ChatRequest. Throws `invalid_request` naming the field and what is allowed. */
export function decodeRequest(body: unknown): ChatRequest {
  const raw = parseBody(body);
  const fields = parseAt(requestBody, raw, '');
  const native = nativeFields(raw);
  const metadata = Object.entries(isJsonObject(raw.metadata) ? raw.metadata : {});
  const { choice, parallel } = decodeToolChoice(raw.tool_choice);
  const { effort, responseFormat } = decodeOutputConfig(raw.output_config);
  return {
    dialect: 'anthropic-messages',
    raw,
    model: fields.model,
    messages: decodeMessages(raw.system, raw.messages),
    tools: decodeTools(raw.tools),
    maxOutputTokens: fields.max_tokens,
    stream: fields.stream ?? false,
    metadata: Object.fromEntries(
      metadata.filter((entry): entry is [string, string] => {
        return entry[0] !== 'user_id' && typeof entry[1] === 'string';
      }),
    ),
    ...present({
      toolChoice: choice,
      parallelToolCalls: parallel,
      responseFormat,
      temperature: fields.temperature,
      topP: fields.top_p,
      stop: fields.stop_sequences,
      reasoning: decodeThinking(raw.thinking, effort),
      user: fields.metadata?.user_id,
      nativeFields: native.length > 0 ? native : undefined,
    }),
  };
}
