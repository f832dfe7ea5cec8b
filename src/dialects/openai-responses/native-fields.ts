import type { NativeField } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isCarriedChoice } from './tools.ts';

/** Fields that ChatRequest holds, or that say nothing about the answer. */
const CARRIED: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'parallel_tool_calls',
  'max_output_tokens',
  'temperature',
  'top_p',
  'stream',
  'stream_options',
  'user',
  'safety_identifier',
  'metadata',
]);

/** What the fields are where they are left out, or what any answer of another dialect is like. */
const DEFAULTS: Readonly<Record<string, JsonValue>> = {
  background: false,
  store: false,
  truncation: 'disabled',
  service_tier: 'auto',
  top_logprobs: 0,
};

/**
 * Fields without which the answer would be to another question. A conversation, a stored answer and a stored prompt
 * exist at one provider only; a background answer is fetched later from where it is made.
 */
const ESSENTIAL: ReadonlySet<string> = new Set([
  'previous_response_id',
  'conversation',
  'prompt',
  'background',
]);

/** Fields of a group that has a place in ChatRequest for some of its fields only. */
function groupFields(body: JsonObject, group: string, carried: readonly string[]): string[] {
  const fields = body[group];
  if (!isJsonObject(fields)) return [];
  return Object.entries(fields)
    .filter(([name, value]) => !carried.includes(name) && value !== undefined && value !== null)
    .map(([name]) => `${group}.${name}`);
}

function namesOf(body: JsonObject, name: string, value: JsonValue): string[] {
  if (CARRIED.has(name) || DEFAULTS[name] === value) return [];
  if (name === 'tool_choice') return isCarriedChoice(value) ? [] : [name];
  if (name === 'reasoning') return groupFields(body, name, ['effort']);
  if (name === 'text') return groupFields(body, name, ['format']);
  return Array.isArray(value) && value.length === 0 ? [] : [name];
}

/** The fields of a body that no other dialect can be given, those left at their defaults excepted. */
export function nativeFields(body: JsonObject): readonly NativeField[] {
  return Object.entries(body).flatMap(([name, value]) => {
    if (value === undefined || value === null) return [];
    return namesOf(body, name, value).map((field) => ({ name: field, essential: ESSENTIAL.has(field) }));
  });
}
