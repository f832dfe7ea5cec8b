import type { Judge } from '../../src/core/ports.ts';
import type { JudgeAnswer } from '../../src/core/routing.ts';

export interface FakeJudge extends Judge {
  /** The texts it was asked about. */
  readonly asked: readonly string[];
}

/** A judge that always answers this; `not_configured` unless told otherwise. */
export function createFakeJudge(answer: Partial<JudgeAnswer> = {}): FakeJudge {
  const asked: string[] = [];
  return {
    asked,
    judge: async ({ text }) => {
      asked.push(text);
      return { status: 'not_configured', cached: false, latencyMs: 0, costUsd: 0, ...answer };
    },
  };
}
