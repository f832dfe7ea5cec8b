import type { NativeField } from '../../core/chat.ts';
import type { JsonObject } from '../../core/json.ts';

/** Fields that ChatRequest holds, or that say nothing about the answer. */
const CARRIED: ReadonlySet<string> = new Set([
  'model',
  'max_tokens',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'temperature',
  'top_p',
  'stop_sequences',
  'stream',
  'thinking',
  'output_config',
  'metadata',
  'cache_control',
]);

/** Fields without which the answer would be of another kind. */
const ESSENTIAL: ReadonlySet<string> = new Set(['mcp_servers', 'container']);

/** The fields of a body that no other dialect can be given. */
export function nativeFields(body: JsonObject): readonly NativeField[] {
  return Object.entries(body)
    .filter(([name, value]) => !CARRIED.has(name) && value !== undefined && value !== null)
    .filter(([, value]) => !(Array.isArray(value) && value.length === 0))
    .map(([name]) => ({ name, essential: ESSENTIAL.has(name) }));
}
