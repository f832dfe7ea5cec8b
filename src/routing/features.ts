/**
 * The one function that turns a request into the text a classifier reads; serving and training share it.
 *
 *     <facts> what is asked now <|history|> system prompt and earlier turns
 *
 * Facts that are not in the text (turns, tools, images, JSON mode, asked-for output) come first as reserved
 * tokens, and only where they differ from a plain one-turn prompt. What a polite sender, a coding harness or a
 * last question mark adds to the same request is taken out, so that none of them can change the route.
 */
import type { ChatRequest, Message, Part, Role } from '../core/chat.ts';
import { isHarnessPrompt, isTextResult, withoutEnvelopes } from './envelopes.ts';

/** Changes whenever the same request would give another text; a bundle names the version it was trained on. */
export const FEATURE_VERSION = '1';

/** Opens the part of the text that is not asked now. */
export const HISTORY_TOKEN = '<|history|>';

/** Every reserved token; user text can never contain one. */
export const RESERVED_TOKENS = [
  HISTORY_TOKEN,
  '<|system|>',
  '<|turns:2|>',
  '<|turns:4|>',
  '<|turns:8|>',
  '<|tools:1|>',
  '<|tools:4|>',
  '<|tools:16|>',
  '<|result|>',
  '<|image|>',
  '<|json|>',
  '<|out:0|>',
  '<|out:800|>',
  '<|out:3000|>',
  '<|long:1600|>',
  '<|long:8000|>',
] as const;

/** A message with its content as plain text. */
export interface PlainMessage {
  readonly role: Role;
  readonly content: string;
}

/** What the classifier may know of a request. */
export interface FeatureFacts {
  readonly messages: readonly PlainMessage[];
  /** Number of tool definitions. */
  readonly tools: number;
  readonly images: number;
  readonly json: boolean;
  /** Output ceiling, tokens. */
  readonly maxOutputTokens?: number;
}

/** Characters of the asked text that are kept: two thirds from its head, one third from its tail. */
const ASK_CHARACTERS = 1_600;
const SYSTEM_CHARACTERS = 200;
const TURNS_CHARACTERS = 300;

const WRAPPERS = /<\/?(user_query|user_request|userRequest|task|user_message|prompt|query|request)>/gi;
const SPEAKER = /^\s*(?:human|user)\s*:\s*/i;
const COURTESY = /(?<![\p{L}\p{N}])(?:please|pls|plz|kindly)(?![\p{L}\p{N}])[ \t]*,?/giu;
const GREETING =
  /^\s*(?:hi|hello|hey|good (?:morning|afternoon|evening|day))(?: there| all| team| everyone| folks)?\s*[,!.:\n—-]+\s*/i;
const THANKS =
  /(?<![\p{L}\p{N}])(?:many thanks|thanks|thank you|thx|ty|cheers)(?: (?:so|very) much| a lot| a million| in advance)?(?: for your help)?$/iu;
/** Longer than any match of THANKS. */
const THANKS_WINDOW = 80;
const BEFORE_THANKS = /[\s,.!;—-]/;
const AFTER_THANKS = /[\s!.:)]/;
const TRAILING = /[\s?!.…。？！]/;

/** Where the run of characters of `kind` that ends at `end` begins. In time linear in the run, as a `+$` would not be. */
function runStart(text: string, end: number, kind: RegExp): number {
  let start = end;
  while (start > 0 && kind.test(text.charAt(start - 1))) start--;
  return start;
}

/** The text with head and tail kept where it is longer than `limit` characters. */
function headAndTail(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.floor((limit * 2) / 3);
  return `${text.slice(0, head).toWellFormed()} … ${text.slice(text.length - (limit - head)).toWellFormed()}`;
}

/** `rest`, trimmed, unless nothing would be left. */
function unlessEmpty(rest: string, text: string): string {
  const trimmed = rest.trim();
  return trimmed === '' ? text : trimmed;
}

/** Applies `pattern` unless nothing would be left. */
function without(text: string, pattern: RegExp): string {
  return unlessEmpty(text.replace(pattern, ' '), text);
}

function withoutThanks(text: string): string {
  const end = runStart(text, text.length, AFTER_THANKS);
  const window = Math.max(0, end - THANKS_WINDOW);
  const match = THANKS.exec(text.slice(window, end));
  if (!match) return unlessEmpty(text, text);
  return unlessEmpty(`${text.slice(0, runStart(text, window + match.index, BEFORE_THANKS))} `, text);
}

/** The request without envelopes, courtesies and closing punctuation. Never empty unless `text` is blank. */
export function coreOf(text: string): string {
  let core = unlessEmpty(withoutEnvelopes(text), text);
  core = without(core, WRAPPERS).replace(SPEAKER, '');
  core = without(core, COURTESY);
  core = without(core, GREETING);
  core = withoutThanks(core);
  return unlessEmpty(core.slice(0, runStart(core, core.length, TRAILING)), core);
}

/** Keeps user text from spelling a reserved token. */
function escapeReserved(text: string): string {
  return text.includes('<|') ? text.replaceAll('<|', '< |') : text;
}

function bucket(name: string, value: number, bounds: readonly number[]): string[] {
  const bound = bounds.findLast((least) => value >= least);
  return bound === undefined ? [] : [`<|${name}:${bound}|>`];
}

function factTokens(facts: FeatureFacts, ask: string): string[] {
  const turns = facts.messages.filter(({ role }) => role === 'user' || role === 'assistant').length;
  const { maxOutputTokens } = facts;
  return [
    ...bucket('turns', turns, [2, 4, 8]),
    ...bucket('tools', facts.tools, [1, 4, 16]),
    ...(facts.messages.at(-1)?.role === 'tool' ? ['<|result|>'] : []),
    ...(facts.images > 0 ? ['<|image|>'] : []),
    ...(facts.json ? ['<|json|>'] : []),
    ...(maxOutputTokens === undefined ? [] : bucket('out', maxOutputTokens, [0, 800, 3000])),
    ...bucket('long', ask.length, [1600, 8000]),
  ];
}

/** The position of what is asked now: the last words of the user, not of a harness. Else the last message. */
function askAt(messages: readonly PlainMessage[]): number {
  const spoken = (content: string): boolean => content.trim() !== '';
  const asks = ({ role, content }: PlainMessage): boolean => role === 'user' && spoken(content);
  const at = messages.findLastIndex((message) => asks(message) && spoken(withoutEnvelopes(message.content)));
  if (at !== -1) return at;
  const last = messages.findLastIndex(asks);
  return last === -1 ? messages.length - 1 : last;
}

/** The facts with results that a harness sends as text told from what its user says. */
function told(facts: FeatureFacts): FeatureFacts {
  if (!facts.messages.some(({ role, content }) => role === 'user' && isTextResult(content))) return facts;
  const messages = facts.messages.map((message) =>
    message.role === 'user' && isTextResult(message.content)
      ? { ...message, role: 'tool' as const }
      : message,
  );
  return { ...facts, messages };
}

/** The text of a request whose parts are already plain. Pure; the same facts give the same text. */
export function factsText(given: FeatureFacts): string {
  const facts = told(given);
  const { messages } = facts;
  const at = askAt(messages);
  const ask = coreOf(messages[at]?.content ?? '');
  const system = messages.filter(
    ({ role, content }, index) => role === 'system' && index !== at && !isHarnessPrompt(content),
  );
  const turns = messages.filter(({ role }, index) => role !== 'system' && index !== at);
  const systemText = headAndTail(
    system.map(({ content }) => withoutEnvelopes(content).trim()).join('\n'),
    SYSTEM_CHARACTERS,
  );
  const turnsText = turns.map(({ content }) => withoutEnvelopes(content).trim()).join('\n');
  const history = [systemText === '' ? '' : '<|system|>', escapeReserved(systemText)];
  history.push(escapeReserved(turnsText.slice(-TURNS_CHARACTERS).toWellFormed()));
  const past = history.filter((part) => part !== '').join(' ');
  const now = [...factTokens(facts, ask), escapeReserved(headAndTail(ask, ASK_CHARACTERS))].join(' ');
  return past === '' ? now : `${now} ${HISTORY_TOKEN} ${past}`;
}

function partText(part: Part): string {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return part.text;
    case 'tool_call':
      return `${part.name} ${part.arguments}`;
    case 'tool_result':
      return part.content.map(partText).join('\n');
    case 'thinking':
    case 'image':
    case 'opaque':
      return '';
  }
}

function isImage(part: Part): boolean {
  return part.type === 'image' || (part.type === 'tool_result' && part.content.some(isImage));
}

/** A user message that only brings results of tools is a tool message whatever the dialect calls it. */
function roleOf(message: Message): Role {
  const results = message.content.length > 0 && message.content.every(({ type }) => type === 'tool_result');
  return results ? 'tool' : message.role;
}

/** The text of a request as it stands in the canonical vocabulary. */
export function featureText(
  request: Pick<ChatRequest, 'messages' | 'tools' | 'responseFormat' | 'maxOutputTokens'>,
): string {
  const { messages, tools, responseFormat, maxOutputTokens } = request;
  return factsText({
    messages: messages.map((message) => ({
      role: roleOf(message),
      content: message.content
        .map(partText)
        .filter((text) => text !== '')
        .join('\n'),
    })),
    tools: tools.length,
    images: messages.reduce((sum, { content }) => sum + content.filter(isImage).length, 0),
    json: responseFormat !== undefined && responseFormat.type !== 'text',
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
  });
}
