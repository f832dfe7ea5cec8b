import type { ChatRequest, Message, OpaquePart, Part } from '../core/chat.ts';
import type { JsonValue } from '../core/json.ts';
import type { ModelSpec } from '../core/routing.ts';

/** What a model must be able to do to serve a request. */
export interface Requirements {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly json: boolean;
  /** An answer that keeps to a JSON schema. */
  readonly jsonSchema?: boolean;
  /** The caller wants several tool calls in one answer. */
  readonly parallelTools?: boolean;
  readonly streaming: boolean;
  /** Estimated prompt length, tokens. */
  readonly inputTokens: number;
  /** Output tokens the caller or the route asks for; absent where nobody says. */
  readonly maxOutputTokens?: number;
  /** Output tokens that are kept room for where prompt and answer share a window; absent: none. */
  readonly expectedOutputTokens?: number;
}

/** Tokens an image is counted as: a 1024x1024 picture costs between 765 and 1,600 at the large providers. */
const IMAGE_TOKENS = 1_000;
const CHARACTERS_PER_TOKEN = 4;

/**
 * A quick estimate of a text's tokens: four characters a token in the Latin script, one in scripts that
 * tokenizers split by character or byte.
 */
export function estimateTokens(text: string): number {
  let wide = 0;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x2ff) wide++;
  return Math.ceil((text.length - wide) / CHARACTERS_PER_TOKEN + wide);
}

/** Characters of base64 a token of a document: a page of some 60 kB reads as some 2,000 tokens. */
const BASE64_PER_TOKEN = 40;
const BASE64 = /^[A-Za-z0-9+/_-]{512,}={0,2}$/;

/** What a request is counted as: texts for a tokenizer, and tokens of what has no text. */
export interface Countable {
  readonly texts: readonly string[];
  readonly tokens: number;
}

function opaqueParts({ raw }: OpaquePart): Countable {
  let tokens = 0;
  const text = JSON.stringify(raw, (_, value: JsonValue) => {
    if (typeof value !== 'string' || !BASE64.test(value)) return value;
    tokens += Math.ceil(value.length / BASE64_PER_TOKEN);
    return '';
  });
  return { texts: [text], tokens };
}

function countablePart(part: Part): Countable {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return { texts: [part.text], tokens: 0 };
    case 'image':
      return { texts: [], tokens: IMAGE_TOKENS };
    case 'tool_call':
      return { texts: [part.name + part.arguments], tokens: 0 };
    case 'tool_result':
      return joined(part.content.map(countablePart));
    case 'opaque':
      return opaqueParts(part);
  }
}

function joined(parts: readonly Countable[]): Countable {
  return {
    texts: parts.flatMap(({ texts }) => texts),
    tokens: parts.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** Tokens around each message. */
const MESSAGE_TOKENS = 4;

/** Everything that is sent: messages and tool definitions. */
export function countableOf(request: Pick<ChatRequest, 'messages' | 'tools'>): Countable {
  const messages = request.messages.map(({ content }) => joined(content.map(countablePart)));
  const { texts, tokens } = joined(messages);
  const tools = request.tools.length === 0 ? [] : [JSON.stringify(request.tools)];
  return { texts: [...texts, ...tools], tokens: tokens + MESSAGE_TOKENS * messages.length };
}

function hasImage(message: Message): boolean {
  return message.content.some(
    (part) =>
      part.type === 'image' ||
      (part.type === 'tool_result' && part.content.some((inner) => inner.type === 'image')),
  );
}

/** Estimated tokens of everything that is sent: messages and tool definitions. */
export function inputTokensOf(request: Pick<ChatRequest, 'messages' | 'tools'>): number {
  const { texts, tokens } = countableOf(request);
  return texts.reduce((sum, text) => sum + estimateTokens(text), tokens);
}

/** What the request needs. `routeCeiling`: output tokens the route sets where the caller gives none. */
export function requirementsOf(request: ChatRequest, routeCeiling?: number): Requirements {
  const maxOutputTokens = request.maxOutputTokens ?? routeCeiling;
  return {
    tools: request.tools.length > 0,
    vision: request.messages.some(hasImage),
    json: request.responseFormat !== undefined && request.responseFormat.type !== 'text',
    streaming: request.stream,
    ...(request.responseFormat?.type === 'json_schema' ? { jsonSchema: true } : {}),
    ...(request.parallelToolCalls === true && request.tools.length > 1 ? { parallelTools: true } : {}),
    inputTokens: inputTokensOf(request),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}

/** Why a model cannot serve the request; undefined where it can. */
export function unmetNeed(model: ModelSpec, needs: Requirements): string | undefined {
  const { capabilities } = model;
  if (needs.tools && !capabilities.tools) return 'cannot call tools';
  if (needs.parallelTools && capabilities.parallelTools === false) return 'cannot call tools in parallel';
  if (needs.vision && !capabilities.vision) return 'cannot read images';
  if (needs.json && !capabilities.json) return 'has no JSON mode';
  if (needs.jsonSchema && capabilities.jsonSchema === false) return 'does not honour a JSON schema';
  if (needs.streaming && !capabilities.streaming) return 'cannot stream';
  if (
    needs.maxOutputTokens !== undefined &&
    needs.maxOutputTokens > (model.maxOutputTokens ?? Number.POSITIVE_INFINITY)
  ) {
    return `writes at most ${model.maxOutputTokens} tokens, ${needs.maxOutputTokens} are allowed for`;
  }
  if (needs.inputTokens > model.contextWindow) {
    return `prompt of about ${needs.inputTokens} tokens exceeds its context window of ${model.contextWindow}`;
  }
  return undefined;
}

/** Why the expected answer has no room beside the prompt; undefined where it has. */
export function missingRoom(model: ModelSpec, needs: Requirements): string | undefined {
  const answer = answerRoom(needs);
  if (model.ownOutputWindow || needs.inputTokens + answer <= model.contextWindow) return undefined;
  return `prompt of about ${needs.inputTokens} tokens and an answer of about ${answer} exceed its context window of ${model.contextWindow}`;
}

/** Tokens the answer is expected to take of a shared window: what is expected, or the ceiling where that is lower. */
export function answerRoom({ expectedOutputTokens = 0, maxOutputTokens }: Requirements): number {
  return Math.min(expectedOutputTokens, maxOutputTokens ?? expectedOutputTokens);
}
