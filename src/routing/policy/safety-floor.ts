/** Recognises questions about medical, legal and financial decisions by words, locally. Conservative: it may miss some. */
import type { ChatRequest, Message } from '../../core/chat.ts';
import type { Tier } from '../../core/tier.ts';
import { coreOf } from '../features.ts';
import { DECISION_CUES, PLAY_FRAMES, type SafetyTopic, TOPIC_TERMS } from './safety-terms.ts';

export interface SafetyFloorOptions {
  /** Lowest tier of what is recognised. */
  readonly tier: Tier;
  readonly topics: readonly SafetyTopic[];
  /** Further words and phrases that count by themselves. */
  readonly terms: readonly string[];
}

export interface SafetyHit {
  readonly tier: Tier;
  /** A topic, or `terms` for the operator's own words. */
  readonly topic: SafetyTopic | 'terms';
  /** The terms that were recognised. */
  readonly because: readonly string[];
}

/** Undefined where nothing is recognised. */
export type SafetyFloor = (request: Pick<ChatRequest, 'messages'>) => SafetyHit | undefined;

/** Scripts that are written without blanks between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function expressionOf(term: string): string {
  const plain = term.toLowerCase().split('*').map(escaped).join('\\p{L}*').replaceAll(' ', '\\s+');
  return UNSPACED.test(term) ? plain : `(?<![\\p{L}\\p{N}])${plain}(?![\\p{L}\\p{N}])`;
}

/** What matches, in order; nothing for no terms. */
function matcherOf(terms: readonly string[]): (text: string) => readonly RegExpMatchArray[] {
  if (terms.length === 0) return () => [];
  const expression = new RegExp(terms.map(expressionOf).join('|'), 'giu');
  return (text) => [...text.matchAll(expression)];
}

/** Characters of a long message that are read, from its start and its end: what is pasted between asks nothing. */
const HALF = 600;
/** A question as short as this may go on with the one before it. */
const SHORT = 60;
/** Most characters between a term of a topic and the cue that asks about it. */
const NEAR = 150;
/** Characters in which a frame of play is looked for. */
const OPENING = 160;

function plainText({ content }: Message): string {
  return content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

/** The last question, with the one before it where it is too short to stand alone. */
function askOf(messages: readonly Message[]): string {
  const asked = messages
    .filter(({ role }) => role === 'user')
    .map((message) => coreOf(plainText(message)).trim())
    .filter((text) => text !== '');
  const [last = '', before = ''] = asked.slice(-2).reverse();
  const ask = last.length <= SHORT ? `${last}\n${before}` : last;
  const read = ask.length > 2 * HALF ? `${ask.slice(0, HALF)}\n${ask.slice(-HALF)}` : ask;
  return read.normalize('NFKC').replace(/[‘’]/g, "'");
}

/** A topic is recognised by a term that names a decision, or by a term of the topic beside a cue. */
export function createSafetyFloor({ tier, topics, terms }: SafetyFloorOptions): SafetyFloor {
  const own = matcherOf(terms);
  const cue = matcherOf(DECISION_CUES);
  const play = matcherOf(PLAY_FRAMES);
  const matchers = topics.map((topic) => ({
    topic,
    alone: matcherOf(TOPIC_TERMS[topic].alone),
    topical: matcherOf(TOPIC_TERMS[topic].topic),
  }));
  const recognise: SafetyFloor = ({ messages }) => {
    const ask = askOf(messages);
    const [owned] = own(ask);
    if (owned) return { tier, topic: 'terms', because: [owned[0]] };
    if (play(ask.slice(0, OPENING)).length > 0) return undefined;
    const cues = cue(ask);
    for (const { topic, alone, topical } of matchers) {
      const [decisive] = alone(ask);
      if (decisive) return { tier, topic, because: [decisive[0]] };
      const terms = cues.length === 0 ? [] : topical(ask);
      for (const term of terms) {
        const asks = cues.find(({ index = 0 }) => Math.abs(index - (term.index ?? 0)) <= NEAR);
        if (asks) return { tier, topic, because: [term[0], asks[0]] };
      }
    }
    return undefined;
  };
  // The engine compiles an expression at its first use, which is not to be a request.
  recognise({ messages: [] });
  return recognise;
}
