import type { NativeField } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';

/** Fields that ChatRequest holds, or that say nothing about the answer. */
const CARRIED: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'tools',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'response_format',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'stop',
  'reasoning_effort',
  'stream',
  'stream_options',
  'user',
  'metadata',
]);

const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  n: 1,
  logprobs: false,
  frequency_penalty: 0,
  presence_penalty: 0,
  store: false,
};

/** Fields without which the answer would be of another kind. */
const ESSENTIAL: ReadonlySet<string> = new Set(['n', 'audio', 'web_search_options']);

function isCarriedChoice(value: JsonValue | undefined): boolean {
  return typeof value === 'string' || (isJsonObject(value) && isJsonObject(value.function));
}

/** The fields of a body that no other dialect can be given, those left at their defaults excepted. */
export function nativeFields(body: JsonObject): readonly NativeField[] {
  return Object.entries(body)
    .filter(([name, value]) => {
      if (CARRIED.has(name) || value === undefined || value === null) return false;
      if (name === 'tool_choice') return !isCarriedChoice(value);
      if (name === 'modalities') return Array.isArray(value) && value.some((modality) => modality !== 'text');
      return DEFAULTS[name] !== value;
    })
    .map(([name]) => ({ name, essential: ESSENTIAL.has(name) || name === 'modalities' }));
}
