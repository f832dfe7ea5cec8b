import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Attempt, Decision, Outcome } from '../../src/core/routing.ts';
import type { StoredDecision } from '../../src/core/store.ts';
import {
  chooseConfidenceBound,
  type RatedAnswer,
  ratedAnswers,
} from '../../src/training/confidence-bound.ts';

/** 1,000 answers from -0.001 to -1; of the least sure fifth every other is bad, of the others one in a hundred. */
const ROWS: readonly RatedAnswer[] = Array.from({ length: 1_000 }, (_, at) => ({
  mean: -(at + 1) / 1_000,
  ok: at < 800 ? at % 100 !== 50 : at % 2 === 0,
}));

describe('chooseConfidenceBound', () => {
  it('lets pass as much as the risk allows, and says what it catches', () => {
    const found = chooseConfidenceBound(ROWS, 0.05);
    expect(found?.bound).toBeLessThanOrEqual(-0.8);
    expect(found?.bound).toBeGreaterThan(-0.86);
    expect(found?.bad.high).toBeLessThanOrEqual(0.05);
    expect(found?.caught.rate).toBeGreaterThan(0.7);
  });

  it('needs a stricter bound for a smaller risk', () => {
    const strict = chooseConfidenceBound(ROWS, 0.03)?.bound ?? 0;
    expect(strict).toBeGreaterThan(chooseConfidenceBound(ROWS, 0.2)?.bound ?? 0);
  });

  it.each([
    ['no rows', []],
    ['too few rows', ROWS.slice(0, 20)],
    ['rows that are bad where they are sure', ROWS.map(({ mean, ok }) => ({ mean: -1 - mean, ok }))],
  ])('promises nothing on %s', (_, rows) => {
    expect(chooseConfidenceBound(rows, 0.05)).toBeUndefined();
  });

  it('lets everything pass where nothing is bad', () => {
    const found = chooseConfidenceBound(
      ROWS.map(({ mean }) => ({ mean, ok: true })),
      0.05,
    );
    expect(found).toMatchObject({ bound: -1, passed: { rate: 1 }, bad: { count: 0 } });
  });
});

describe('ratedAnswers', () => {
  const attempt = (over: Partial<Attempt>): Attempt => ({
    index: 0,
    model: 'small',
    provider: 'p',
    tier: 'simple',
    status: 'ok',
    costUsd: 0,
    latencyMs: 1,
    dropped: [],
    logprobs: { mean: -0.3, tokens: 9 },
    ...over,
  });
  const stored = (attempts: readonly Attempt[], feedback: object): StoredDecision => ({
    decision: {} as Decision,
    outcome: { attempts } as unknown as Outcome,
    feedback: [{ id: 'f', decisionId: 'd', kind: 'rating', at: 0, ...feedback }],
  });
  it.each([
    ['a thumb up', stored([attempt({})], { rating: 'up' }), [{ mean: -0.3, ok: true }]],
    ['a thumb down', stored([attempt({})], { rating: 'down' }), [{ mean: -0.3, ok: false }]],
    ['a score', stored([attempt({})], { score: 0.4 }), [{ mean: -0.3, ok: false }]],
    ['a measured outcome', stored([attempt({})], { outcome: { simple: true } }), [{ mean: -0.3, ok: true }]],
    ['a comment', stored([attempt({})], { comment: 'hm' }), []],
    ['another model', stored([attempt({ model: 'large' })], { rating: 'up' }), []],
    ['an escalated answer', stored([attempt({}), attempt({ model: 'large' })], { rating: 'up' }), []],
    ['no log-probabilities', { ...stored([], { rating: 'up' }) }, []],
  ])('reads %s', (_, decision, rows) => {
    expect(ratedAnswers(decision, 'small')).toEqual(rows);
  });
});

describe('npm run calibrate:confidence', () => {
  const script = resolve(import.meta.dirname, '../../scripts/calibrate-confidence.ts');
  const tsx = resolve(import.meta.dirname, '../../node_modules/.bin/tsx');
  const file = join(mkdtempSync(join(tmpdir(), 'confidence-')), 'rows.jsonl');

  it('prints the bound with its intervals', () => {
    writeFileSync(file, ROWS.map(({ mean, ok }) => JSON.stringify({ mean_logprob: mean, ok })).join('\n'));
    const out = execFileSync(tsx, [script, '--from', file, '--risk', '0.05'], { encoding: 'utf8' });
    expect(out).toMatch(
      /^min_mean_logprob: -0\.8\d*\nanswers that pass: 8\d\.\d % \(8\d\d of 1000, 95 % interval/,
    );
  });

  it('says where there is none, and which line is wrong', () => {
    writeFileSync(file, '{"mean_logprob": -0.1, "ok": false}\n');
    expect(spawnSync(tsx, [script, '--from', file]).status).toBe(3);
    writeFileSync(file, '\n{"mean_logprob": 1, "ok": true}\n');
    const wrong = spawnSync(tsx, [script, '--from', file], { encoding: 'utf8' });
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining(`${file}:2 must be`)]);
  });
});
