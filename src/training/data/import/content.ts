/** Text, images and turns of the two great dialects and their relatives. */
import { isJsonObject, type JsonObject, type JsonValue } from '../../../core/json.ts';
import type { PlainMessage } from '../../../routing/features.ts';
import { listOf, type Mapped, parsed } from './format.ts';

type Role = PlainMessage['role'];

const ROLES: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  ai: 'assistant',
  model: 'assistant',
  tool: 'tool',
  function: 'tool',
};

interface Content {
  readonly text: string;
  readonly images: number;
  /** True where there is nothing but results of tools. */
  readonly results: boolean;
}

function partContent(part: JsonValue): Content {
  if (typeof part === 'string') return { text: part, images: 0, results: false };
  if (!isJsonObject(part)) return { text: '', images: 0, results: false };
  const { type } = part;
  if (type === 'image_url' || type === 'image' || type === 'input_image') {
    return { text: '', images: 1, results: false };
  }
  if (type === 'tool_use') {
    return {
      text: `${String(part.name ?? '')} ${JSON.stringify(part.input ?? {})}`,
      images: 0,
      results: false,
    };
  }
  if (type === 'tool_result') return { ...contentOf(part.content), results: true };
  if (type === 'thinking' || type === 'redacted_thinking') return { text: '', images: 0, results: false };
  return { text: typeof part.text === 'string' ? part.text : '', images: 0, results: false };
}

/** Plain text of a content field: a string, a list of parts, or nothing. */
export function contentOf(content: JsonValue | undefined): Content {
  if (!Array.isArray(content)) return partContent(content ?? '');
  const parts = content.map(partContent);
  return {
    text: parts
      .map(({ text }) => text)
      .filter((text) => text !== '')
      .join('\n'),
    images: parts.reduce((sum, { images }) => sum + images, 0),
    results: parts.length > 0 && parts.every(({ results }) => results),
  };
}

function callsText(message: JsonObject): string {
  const calls = listOf(message.tool_calls) ?? [];
  return calls
    .map((call) => (isJsonObject(call) && isJsonObject(call.function) ? call.function : undefined))
    .map((call) => (call ? `${String(call.name ?? '')} ${String(call.arguments ?? '')}` : ''))
    .join('\n');
}

interface Turns {
  readonly messages: PlainMessage[];
  readonly images: number;
}

/** The turns of a list of messages, or what is wrong with it. */
function turnsOf(list: readonly JsonValue[]): Turns | string {
  const messages: PlainMessage[] = [];
  let images = 0;
  for (const [index, message] of list.entries()) {
    if (!isJsonObject(message)) return `messages[${index}]: not an object`;
    if (message.type === 'reasoning') continue;
    const name = typeof message.role === 'string' ? message.role.toLowerCase() : '';
    const role = ROLES[name] ?? (message.type === 'function_call_output' ? 'tool' : undefined);
    if (!role && message.type === 'function_call') {
      messages.push({ role: 'assistant', content: `${String(message.name)} ${String(message.arguments)}` });
      continue;
    }
    if (!role) return `messages[${index}].role: ${name === '' ? 'missing' : `"${name}" is unknown`}`;
    const content = contentOf(message.content ?? message.output);
    const text = [content.text, callsText(message)].filter((part) => part !== '').join('\n');
    images += content.images;
    if (text !== '' || content.images > 0)
      messages.push({ role: content.results ? 'tool' : role, content: text });
  }
  return { messages, images };
}

/** Messages up to the last that was asked: answers at the end of a log are not part of the request. */
function upToAsk(messages: readonly PlainMessage[]): readonly PlainMessage[] {
  return messages.slice(0, messages.findLastIndex(({ role }) => role === 'user' || role === 'tool') + 1);
}

export interface RequestParts {
  /** A list of messages, or a prompt. */
  readonly messages: JsonValue | undefined;
  readonly system?: JsonValue | undefined;
  readonly tools?: JsonValue | undefined;
  readonly json?: boolean | undefined;
  readonly maxTokens?: number | undefined;
}

/** The row of a request. */
export function requestRow({ messages, system, tools, json, maxTokens }: RequestParts): Mapped {
  const asked = parsed(messages);
  const list = typeof asked === 'string' ? [{ role: 'user', content: asked }] : asked;
  if (!Array.isArray(list)) return { bad: 'no messages' };
  const turns = turnsOf(list);
  if (typeof turns === 'string') return { bad: turns };
  const asking = upToAsk(turns.messages);
  if (!asking.some(({ content }) => content.trim() !== '')) return { skip: 'nothing asked in text' };
  const preamble = contentOf(system).text;
  const all = preamble === '' ? asking : [{ role: 'system' as const, content: preamble }, ...asking];
  const count = listOf(tools)?.length ?? 0;
  const facts = {
    ...(count > 0 ? { tools: count } : {}),
    ...(turns.images > 0 ? { images: turns.images } : {}),
    ...(json ? { json: true } : {}),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  };
  const [only] = all;
  const said = all.length === 1 && only?.role === 'user' ? { prompt: only.content } : { messages: [...all] };
  return { row: { ...said, ...(Object.keys(facts).length > 0 ? { facts } : {}) } };
}
