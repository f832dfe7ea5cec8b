import type { ChatRequest, Usage } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';
import { encodeUsage } from './usage.ts';

/** Fields of a request that the response object repeats, with what they are where the request leaves them out. */
const REPEATED: JsonObject = {
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_logprobs: 0,
  top_p: null,
  truncation: 'disabled',
  user: null,
};

function repeated(request: ChatRequest | undefined): JsonObject {
  const raw = request?.dialect === 'openai-responses' ? request.raw : {};
  return Object.fromEntries(
    Object.entries(REPEATED).map(([name, otherwise]) => [name, raw[name] ?? otherwise]),
  );
}

export interface ResponseFields {
  readonly id: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly model: string;
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  readonly output: readonly JsonObject[];
  readonly incompleteDetails?: { readonly reason: string } | null;
  readonly error?: JsonObject;
  readonly usage?: Usage | undefined;
}

/** The whole response object of an answer of another dialect. It is not stored, and says so. */
export function responseObject(fields: ResponseFields, request: ChatRequest | undefined): JsonObject {
  return {
    id: fields.id,
    object: 'response',
    created_at: fields.createdAt,
    status: fields.status,
    background: false,
    error: fields.error ?? null,
    incomplete_details: fields.incompleteDetails ? { ...fields.incompleteDetails } : null,
    model: fields.model,
    output: [...fields.output],
    ...repeated(request),
    service_tier: 'default',
    store: false,
    usage: fields.usage ? encodeUsage(fields.usage) : null,
  };
}
