/** The judge: a nano LLM that is asked for the tier when the local classifier is in doubt. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Judge } from '../core/ports.ts';
import type { JudgeAnswer } from '../core/routing.ts';
import { TIERS, type Tier } from '../core/tier.ts';
import { type AskedModelOptions, createAskedModel } from './asked-model.ts';
import { JUDGE_INSTRUCTION } from './judge-instruction.ts';

export interface NanoJudgeOptions extends AskedModelOptions {
  readonly cacheEntries: number;
  readonly cacheTtlMs: number;
}

/** A judge that is never there: doubt then goes one tier up. */
export function createAbsentJudge(): Judge {
  const answer: JudgeAnswer = { status: 'not_configured', cached: false, latencyMs: 0, costUsd: 0 };
  return { judge: async () => answer };
}

/** The tier in the judge's answer: exactly one word, in any case, with at most a final mark; else undefined. */
export function parseVerdict(text: string): Tier | undefined {
  const word = /^["'*\s]*(simple|moderate|complex)["'*.!\s]*$/i.exec(text)?.[1]?.toLowerCase();
  return TIERS.find((tier) => tier === word);
}

/** Anything that a model could take for one of the marks around the request. */
const MARK = /<(?=\s*\/?\s*request\b)/gi;

/**
 * Composes the judge. Answers are cached by the text's hash; nothing of the text is kept. A caller that goes away does
 * not end its question: others may wait for the same answer, and it is cached.
 */
export function createNanoJudge(options: NanoJudgeOptions): Judge {
  const { model, clock } = options;
  const asked = createAskedModel(options);
  const cache =
    options.cacheEntries > 0
      ? new LRUCache<string, Tier>({ max: options.cacheEntries, ttl: options.cacheTtlMs })
      : undefined;
  const inFlight = new Map<string, Promise<JudgeAnswer>>();

  async function ask(text: string): Promise<JudgeAnswer> {
    const question = `<request>\n${text.replace(MARK, '‹')}\n</request>`;
    const {
      text: word,
      status,
      ...spent
    } = await asked.ask({ instruction: JUDGE_INSTRUCTION, text: question });
    const base = { model: model.id, cached: false, ...spent };
    if (status !== 'answered') return { ...base, status };
    const tier = parseVerdict(word ?? '');
    return tier ? { ...base, status, tier } : { ...base, status: 'unparsable' };
  }

  return {
    async judge({ text }) {
      const started = clock.monotonic();
      const key = createHash('sha256').update(text).digest('base64');
      const known = cache?.get(key);
      if (known) {
        return { status: 'answered', tier: known, model: model.id, cached: true, latencyMs: 0, costUsd: 0 };
      }
      const shared = inFlight.get(key);
      if (shared) {
        const { usage: _, ...answer } = await shared;
        return {
          ...answer,
          cached: answer.status === 'answered',
          costUsd: 0,
          latencyMs: clock.monotonic() - started,
        };
      }
      const asking = ask(text).finally(() => inFlight.delete(key));
      inFlight.set(key, asking);
      const answer = await asking;
      if (answer.tier) cache?.set(key, answer.tier);
      return answer;
    },
  };
}
