import type { ChatRequest, Message, Part } from '../core/chat.ts';
import type { ModelSpec } from '../core/routing.ts';

/** What a model must be able to do to serve a request. */
export interface Requirements {
  readonly tools: boolean;
  readonly vision: boolean;
  readonly json: boolean;
  readonly streaming: boolean;
  /** Estimated prompt length, tokens. */
  readonly inputTokens: number;
  /** Output tokens the caller or the route asks for; absent where nobody says. */
  readonly maxOutputTokens?: number;
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

function partTokens(part: Part): number {
  switch (part.type) {
    case 'text':
    case 'thinking':
    case 'refusal':
      return estimateTokens(part.text);
    case 'image':
      return IMAGE_TOKENS;
    case 'tool_call':
      return estimateTokens(part.name + part.arguments);
    case 'tool_result':
      return part.content.reduce((sum, inner) => sum + partTokens(inner), 0);
    case 'opaque':
      return estimateTokens(JSON.stringify(part.raw));
  }
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
  const messages = request.messages.reduce(
    (sum, message) => sum + 4 + message.content.reduce((inner, part) => inner + partTokens(part), 0),
    0,
  );
  return messages + (request.tools.length === 0 ? 0 : estimateTokens(JSON.stringify(request.tools)));
}

/** What the request needs. `routeCeiling`: output tokens the route sets where the caller gives none. */
export function requirementsOf(request: ChatRequest, routeCeiling?: number): Requirements {
  const maxOutputTokens = request.maxOutputTokens ?? routeCeiling;
  return {
    tools: request.tools.length > 0,
    vision: request.messages.some(hasImage),
    json: request.responseFormat !== undefined && request.responseFormat.type !== 'text',
    streaming: request.stream,
    inputTokens: inputTokensOf(request),
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  };
}

/** Why a model cannot serve the request; undefined where it can. */
export function unmetNeed(model: ModelSpec, needs: Requirements): string | undefined {
  const { capabilities } = model;
  if (needs.tools && !capabilities.tools) return 'cannot call tools';
  if (needs.vision && !capabilities.vision) return 'cannot read images';
  if (needs.json && !capabilities.json) return 'has no JSON mode';
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
