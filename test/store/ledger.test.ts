import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createSqlLedger } from '../../src/store/ledger.ts';
import { PIECE_ROWS } from '../../src/store/pieces.ts';
import { createSample } from '../../src/store/sample.ts';
import { createSqlStore } from '../../src/store/sql-store.ts';
import { openSqliteDatabase } from '../../src/store/sqlite.ts';
import { entryOf, ledgerContract, type OpenLedger } from '../contracts/ledger.ts';
import { decisionOf, outcomeOf } from '../contracts/store.ts';

const folder = mkdtempSync(join(tmpdir(), 'router-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function open(path: string): Promise<OpenLedger> {
  const db = await openSqliteDatabase(path);
  return { store: createSqlStore(db), ledger: createSqlLedger(db) };
}

ledgerContract('SQLite in memory', () => open(':memory:'));
ledgerContract('SQLite in a file', () => open(join(folder, `${files++}.db`)));

/** How often other work got its turn while `work` ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const count = (): void => {
    turns++;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  await work;
  over = true;
  return turns;
}

describe('a large window', () => {
  const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const PIECES = 4;

  it('is read in pieces that let other work have its turn, and adds up', async () => {
    const { store, ledger } = await open(':memory:');
    const count = PIECES * PIECE_ROWS;
    for (let at = 0; at < count; at++) {
      const id = `d${String(at).padStart(6, '0')}`;
      await store.recordDecision(decisionOf(id, { at, decisionMs: count - at, classifier: 'b' }));
      await store.recordOutcome(outcomeOf(id, { latencyMs: at + 1 }), [entryOf(id, { at })]);
    }
    expect(await turnsDuring(store.stats(EVER))).toBeGreaterThanOrEqual(PIECES);
    expect(await turnsDuring(store.drift(EVER))).toBeGreaterThanOrEqual(PIECES);
    expect(await turnsDuring(store.classifierStats(EVER))).toBeGreaterThanOrEqual(PIECES);
    expect(await turnsDuring(ledger.total(EVER))).toBeGreaterThanOrEqual(PIECES);
    expect(await turnsDuring(ledger.savings(EVER))).toBeGreaterThanOrEqual(PIECES);
    const { total } = await store.stats(EVER);
    expect(total.requests).toBe(count);
    expect(total.latencyMs).toEqual({ p50: count / 2, p99: 0.99 * count });
    expect(total.decisionMs).toEqual({ p50: count / 2, p99: 0.99 * count });
    expect((await store.classifierStats(EVER)).b?.requests).toBe(count);
    expect((await ledger.total(EVER)).calls).toBe(count);
    await store.close();
  }, 60_000);
});

describe('a percentile', () => {
  it.each([
    [[], 50, null],
    [[7], 99, 7],
    [[3, 1, 2], 50, 2],
    [[5, 5, 5, 1], 50, 5],
    [[4, 3, 2, 1], 50, 2],
    [[4, 3, 2, 1], 100, 4],
  ])('of %j at %d %% is %j, again and again', (values, percent, expected) => {
    const sample = createSample();
    for (const value of values) sample.add(value);
    expect([sample.percentile(percent), sample.percentile(percent)]).toEqual([expected, expected]);
  });

  it('agrees with sorting', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => (index * 7_919) % 613);
    const sample = createSample();
    for (const value of values) sample.add(value);
    const sorted = [...values].sort((a, b) => a - b);
    for (const percent of [1, 25, 50, 90, 99, 100]) {
      expect(sample.percentile(percent)).toBe(sorted[Math.ceil((percent * values.length) / 100) - 1]);
    }
  });
});
