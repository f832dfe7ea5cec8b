/** What core/ledger.ts promises of every Ledger, and core/store.ts of the rows that are written with decisions. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ledger, LedgerEntry } from '../../src/core/ledger.ts';
import type { StatsWindow, Store } from '../../src/core/store.ts';
import { decisionOf, outcomeOf } from './store.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 0, 15, 12);
const EVER: StatsWindow = { from: 0, to: Number.MAX_SAFE_INTEGER };

const USAGE = {
  inputTokens: 100,
  outputTokens: 50,
  cachedInputTokens: 20,
  cacheWriteTokens: 10,
  reasoningTokens: 5,
};

export function entryOf(request: string, over: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    request,
    index: 0,
    kind: 'answer',
    at: NOON,
    requestedModel: 'auto',
    decidedTier: 'simple',
    source: 'local',
    model: 'small',
    provider: 'acme',
    tier: 'simple',
    status: 'ok',
    usage: USAGE,
    price: { input: 1, output: 2, asOf: '2026-01-01' },
    costUsd: 0.000_2,
    estimateUsd: 0.000_3,
    batchEligible: false,
    ...over,
  };
}

export interface OpenLedger {
  readonly store: Store;
  readonly ledger: Ledger;
}

async function all(ledger: Ledger, window = EVER): Promise<LedgerEntry[]> {
  const read: LedgerEntry[] = [];
  for await (const entry of ledger.entries(window)) read.push(entry);
  return read;
}

/** Runs the contract. `open` gives an empty store and the ledger of the same database. */
export function ledgerContract(name: string, open: () => Promise<OpenLedger>): void {
  describe(`the contract of a ledger: ${name}`, () => {
    let store: Store;
    let ledger: Ledger;
    beforeEach(async () => {
      ({ store, ledger } = await open());
    });
    afterEach(() => store.close());

    it('gives back what was written, unknown as unknown', async () => {
      const whole = entryOf('a', {
        key: 'k',
        keyName: 'batch',
        team: 'search',
        user: 'u',
        session: 's',
        route: 'r',
        requestedModel: 'auto:moderate',
        requestedTier: 'moderate',
        usage: { ...USAGE, cacheWrite1hTokens: 4 },
        counterfactual: { model: 'large', costUsd: 0.004 },
        batchEligible: true,
      });
      const unknown = entryOf('b', { usage: null, price: null, costUsd: null, estimateUsd: null });
      await ledger.append([whole, unknown]);
      expect(await all(ledger)).toEqual([whole, unknown]);
    });

    it('gives rows in the order of time, those of a request together, within the window', async () => {
      await ledger.append([
        entryOf('c', { at: NOON + 2 }),
        entryOf('b', { at: NOON + 1 }),
        entryOf('a', { at: NOON + 1 }),
        entryOf('b', { at: NOON + 1, kind: 'judge' }),
      ]);
      const rows = await all(ledger, { from: NOON + 1, to: NOON + 2 });
      expect(rows.map(({ request, kind }) => `${request} ${kind}`)).toEqual([
        'a answer',
        'b answer',
        'b judge',
      ]);
    });

    it('has each call once', async () => {
      await ledger.append([entryOf('a')]);
      await ledger.append([entryOf('a', { costUsd: 1 }), entryOf('a', { index: 1 })]);
      expect((await all(ledger)).map(({ index, costUsd }) => [index, costUsd])).toEqual([
        [0, 0.000_2],
        [1, 0.000_2],
      ]);
    });

    it('sums without drift', async () => {
      const rows = Array.from({ length: 1_000 }, (_, at) => entryOf(`r${at}`, { costUsd: 0.000_000_1, at }));
      await ledger.append(rows.slice(0, 500));
      await ledger.append(rows.slice(500));
      expect((await ledger.total(EVER)).costUsd).toBe(0.000_1);
      expect(await ledger.spent(EVER, 'everyone', 0)).toBe(0.000_1);
    });

    it('counts calls, requests and what is unknown', async () => {
      await ledger.append([
        entryOf('a', { kind: 'judge', costUsd: 0.000_01, model: 'tiny' }),
        entryOf('a', { status: 'failed', costUsd: null, usage: null }),
        entryOf('a', { index: 1, counterfactual: { model: 'large', costUsd: 1 } }),
        entryOf('b', { costUsd: null, price: null, counterfactual: { model: 'large', costUsd: 1 } }),
        entryOf('c', { costUsd: 0.5, batchEligible: true, counterfactual: { model: 'large', costUsd: 2 } }),
      ]);
      expect(await ledger.total(EVER)).toEqual({
        requests: 3,
        calls: 5,
        failedCalls: 1,
        inputTokens: 400,
        outputTokens: 200,
        cachedInputTokens: 80,
        cacheWriteTokens: 40,
        reasoningTokens: 20,
        costUsd: 0.500_21,
        unknownCalls: 2,
        unpricedCalls: 1,
        batchEligibleUsd: 0.5,
        beforeUsd: 2,
        afterUsd: 0.5,
      });
    });

    it.each([
      ['tier', { complex: 0.4, simple: 0.5 }],
      ['model', { large: 0.4, small: 0.5 }],
      ['key', { '': 0.5, batch: 0.4 }],
      ['team', { '': 0.5, search: 0.4 }],
      ['route', { '': 0.5, triage: 0.4 }],
      ['day', { '2026-01-15': 0.5, '2026-01-16': 0.4 }],
      ['source', { local: 0.5, override: 0.4 }],
      ['kind', { answer: 0.5, judge: 0.4 }],
    ] as const)('splits by %s', async (by, expected) => {
      await ledger.append([
        entryOf('a', { costUsd: 0.5 }),
        entryOf('b', {
          at: NOON + DAY_MS,
          costUsd: 0.4,
          decidedTier: 'complex',
          model: 'large',
          key: 'k',
          keyName: 'batch',
          team: 'search',
          route: 'triage',
          source: 'override',
          kind: 'judge',
        }),
      ]);
      const groups = await ledger.groups(EVER, by);
      expect(Object.fromEntries(groups.map(({ group, costUsd }) => [group, costUsd]))).toEqual(expected);
      expect(groups.map(({ group }) => group)).toEqual(Object.keys(expected));
    });

    it('says what was saved, the whole cost of a request against its counterfactual', async () => {
      await ledger.append([
        entryOf('a', { kind: 'judge', costUsd: 0.1 }),
        entryOf('a', { status: 'rejected', costUsd: 0.2 }),
        entryOf('a', { index: 1, costUsd: 0.3, counterfactual: { model: 'large', costUsd: 1 } }),
        entryOf('b', { costUsd: 0.5, counterfactual: { model: 'large', costUsd: 0.4 } }),
        entryOf('c', { costUsd: 0.1, counterfactual: { model: 'large', costUsd: null } }),
        entryOf('d', { costUsd: null, counterfactual: { model: 'large', costUsd: 5 } }),
      ]);
      const { overRequests, ...savings } = await ledger.savings(EVER);
      expect(savings).toEqual({
        requests: 2,
        unknown: 2,
        costUsd: 1.1,
        baselineCostUsd: 1.4,
        savedUsd: 0.3,
        savedShare: 0.3 / 1.4,
        overDays: null,
        counterfactuals: { large: 2 },
      });
      expect(overRequests?.low).toBeCloseTo(-0.2, 9);
      expect(overRequests?.high).toBeCloseTo(0.8, 9);
    });

    it('resamples days once there are five', async () => {
      const counterfactual = { model: 'large', costUsd: 1 };
      const days = [0.1, 0.2, 0.3, 0.4, 0.5];
      await ledger.append(
        days.map((costUsd, day) => entryOf(`d${day}`, { at: NOON + day * DAY_MS, costUsd, counterfactual })),
      );
      const { savedUsd, overDays } = await ledger.savings(EVER);
      expect(savedUsd).toBe(3.5);
      expect(overDays?.low).toBeGreaterThanOrEqual(2.5);
      expect(overDays?.low).toBeLessThan(3.5);
      expect(overDays?.high).toBeGreaterThan(3.5);
      expect(overDays?.high).toBeLessThanOrEqual(4.5);
    });

    it('says who spent what, the unknown by its estimate', async () => {
      await ledger.append([
        entryOf('a', { key: 'k', keyName: 'batch', team: 'search', costUsd: 0.5 }),
        entryOf('b', { key: 'k', keyName: 'batch', costUsd: null, estimateUsd: 0.25 }),
        entryOf('c', { key: 'k2', team: 'search', costUsd: null, estimateUsd: null }),
        entryOf('d', { at: NOON + DAY_MS, costUsd: 8 }),
      ]);
      const day = { from: NOON, to: NOON + DAY_MS };
      const spent = (owner: Parameters<Ledger['spent']>[1]) => ledger.spent(day, owner, 0.125);
      expect(await spent('everyone')).toBe(0.875);
      expect(await spent({ key: 'k' })).toBe(0.75);
      expect(await spent({ key: 'batch' })).toBe(0.75);
      expect(await spent({ team: 'search' })).toBe(0.625);
      expect(await spent({ key: 'nobody' })).toBe(0);
    });

    describe('with the decisions it belongs to', () => {
      const rows = [
        entryOf('d', { user: 'ann', session: 's' }),
        entryOf('d', { index: 1, user: 'ann', session: 's' }),
      ];

      it('is written with the decision and with its outcome', async () => {
        await store.recordDecision(decisionOf('d'), [entryOf('d', { kind: 'judge' })]);
        await store.recordOutcome(outcomeOf('d'), [entryOf('d')]);
        expect((await all(ledger)).map(({ kind }) => kind)).toEqual(['judge', 'answer']);
      });

      it('is not written where the decision cannot be', async () => {
        await store.recordDecision(decisionOf('d'));
        await expect(store.recordDecision(decisionOf('d'), rows)).rejects.toThrow();
        expect(await all(ledger)).toEqual([]);
      });

      it.each([
        ['decision', { decision: 'd' }],
        ['session', { session: 's' }],
        ['user', { user: 'ann' }],
        ['age', { before: NOON + 1 }],
      ])(
        'keeps its amounts when a decision is forgotten by %s, and nothing of whom it was for',
        async (_, selector) => {
          await store.recordDecision(decisionOf('d', { user: 'ann', session: 's' }));
          await store.recordOutcome(outcomeOf('d'), rows);
          const before = await ledger.total(EVER);
          expect((await store.forget(selector)).decisions).toBe(1);
          expect(await ledger.total(EVER)).toEqual(before);
          const left = await all(ledger);
          expect(left.flatMap(({ user, session }) => [user, session])).toEqual([
            undefined,
            undefined,
            undefined,
            undefined,
          ]);
          expect(new Set(left.map(({ request }) => request)).size).toBe(1);
          expect(left[0]?.request).not.toBe('d');
        },
      );

      it('keeps what a request cost that was forgotten while it ran', async () => {
        await store.recordDecision(decisionOf('d', { user: 'ann' }));
        await store.forget({ user: 'ann' });
        await expect(store.recordOutcome(outcomeOf('d'), rows)).rejects.toThrow();
        const left = await all(ledger);
        expect(left.map(({ costUsd, user }) => [costUsd, user])).toEqual([
          [0.000_2, undefined],
          [0.000_2, undefined],
        ]);
        expect(left[0]?.request).not.toBe('d');
      });
    });
  });
}
