/** Chooses the mean token log-probability below which an answer is not trusted. Pure. */
import { type Share, shareOf } from '../core/interval.ts';
import type { Attempt } from '../core/routing.ts';
import type { StoredDecision } from '../core/store.ts';

/** An answer of which it is known whether it was good enough. */
export interface RatedAnswer {
  /** Natural logarithm. */
  readonly mean: number;
  readonly ok: boolean;
}

export interface ConfidenceBound {
  readonly bound: number;
  /** Answers that pass it, of all. */
  readonly passed: Share;
  /** Of these, those that were not good enough, with its 95 % interval. */
  readonly bad: Share;
  /** Of the answers that were not good enough, those that it catches. */
  readonly caught: Share;
}

/** Places at which a bound is tried. */
const STEPS = 50;

/** So many rows could bear out the risk if half of it were true; depends on their number alone. */
function couldShow(risk: number, rows: number): boolean {
  return (shareOf(Math.floor((risk / 2) * rows), rows).high ?? 1) <= risk;
}

/**
 * The lowest bound at which the answers that pass are bad in at most `risk` of cases with the confidence of the interval;
 * undefined where these rows bear out none. Bounds are tried from the strictest on, each lets a fiftieth more of the rows
 * pass, and the first that fails ends the search: so the promise holds for the chosen one although many were tried (fixed
 * sequence testing, Angelopoulos et al. 2021, "Learn then Test"). It begins where the rows are enough to bear it out.
 */
export function chooseConfidenceBound(
  rows: readonly RatedAnswer[],
  risk: number,
): ConfidenceBound | undefined {
  const sorted = [...rows].sort((a, b) => b.mean - a.mean);
  const wrong = sorted.filter(({ ok }) => !ok).length;
  let chosen: ConfidenceBound | undefined;
  for (let step = 1; step <= STEPS; step += 1) {
    const last = sorted[Math.ceil((sorted.length * step) / STEPS) - 1];
    if (!last) continue;
    const passing = sorted.filter(({ mean }) => mean >= last.mean);
    if (!couldShow(risk, passing.length)) continue;
    const bad = shareOf(passing.filter(({ ok }) => !ok).length, passing.length);
    if ((bad.high ?? 1) > risk) break;
    const caught = shareOf(wrong - bad.count, wrong);
    chosen = { bound: last.mean, passed: shareOf(passing.length, sorted.length), bad, caught };
  }
  return chosen;
}

/** Did people, programs or another check find the answering attempt good enough? Undefined where nobody said. */
function verdictOn({ feedback }: StoredDecision, attempt: Attempt): boolean | undefined {
  for (const { rating, score, outcome } of feedback) {
    if (outcome?.[attempt.tier] !== undefined) return outcome[attempt.tier];
    if (rating !== undefined) return rating === 'up';
    if (score !== undefined) return score >= 0.5;
  }
  return undefined;
}

/**
 * The rated answers of one model in the log: those with log-probabilities on which there is feedback. What a validator
 * rejected was answered again by another model, whose answer the feedback is on.
 */
export function ratedAnswers(stored: StoredDecision, model: string): RatedAnswer[] {
  const attempt = stored.outcome?.attempts.at(-1);
  if (!attempt?.logprobs || attempt.model !== model) return [];
  const ok = verdictOn(stored, attempt);
  return ok === undefined ? [] : [{ mean: attempt.logprobs.mean, ok }];
}
