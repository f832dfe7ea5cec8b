import type { JsonObject } from '../core/json.ts';

/** What the formats call the canonical fields of a request. */
const SPELLINGS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    maxOutputTokens: ['max_output_tokens', 'max_completion_tokens', 'max_tokens'],
    reasoning: ['reasoning', 'reasoning_effort', 'thinking'],
    responseFormat: ['response_format', 'output_config', 'output_format', 'text'],
    stop: ['stop', 'stop_sequences'],
    topP: ['top_p'],
    user: ['user', 'safety_identifier'],
  }),
);

/** The name under which the caller's body has a canonical field; the canonical one where it has none of them. */
export function asWritten(name: string, body: JsonObject): string {
  return SPELLINGS.get(name)?.find((spelling) => Object.hasOwn(body, spelling)) ?? name;
}
