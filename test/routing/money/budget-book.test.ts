import { describe, expect, it } from 'vitest';
import { RouterError } from '../../../src/core/errors.ts';
import type { LedgerOwner } from '../../../src/core/ledger.ts';
import type { StatsWindow } from '../../../src/core/store.ts';
import { createBudgetBook } from '../../../src/routing/money/budget-book.ts';
import { type Budgets, rulesFor, windowOf } from '../../../src/routing/money/budget-rules.ts';

const DAY_MS = 86_400_000;
const NOON = Date.UTC(2026, 1, 27, 12);

interface Scene {
  readonly budgets: Partial<Budgets>;
  readonly spent?: (window: StatsWindow, owner: LedgerOwner) => Promise<number>;
}

function scene({ budgets, spent = async () => 0 }: Scene) {
  const clock = { at: NOON, now: () => clock.at, monotonic: () => clock.at };
  const warnings: unknown[] = [];
  const told: string[] = [];
  const logger = { info: () => {}, error: () => {}, warn: (fields: unknown) => warnings.push(fields) };
  const book = createBudgetBook({
    budgets: { keys: {}, teams: {}, ...budgets },
    ledger: { spent },
    unknownUsd: 0.01,
    clock,
    logger,
    tell: (level, scope) => told.push(`${level} ${scope}`),
  });
  return { book, clock, warnings, told };
}

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof RouterError ? error.code : error;
  }
};

describe('windows', () => {
  it.each([
    ['day', '2026-02-27T12:00:00Z', '2026-02-27T00:00:00Z', '2026-02-28T00:00:00Z'],
    ['day', '2026-02-27T00:00:00Z', '2026-02-27T00:00:00Z', '2026-02-28T00:00:00Z'],
    ['month', '2026-02-27T12:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'],
    ['month', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ] as const)('of a %s at %s are from %s to %s', (period, now, from, to) => {
    expect(windowOf(period, Date.parse(now))).toEqual({ from: Date.parse(from), to: Date.parse(to) });
  });
});

describe('rules', () => {
  const limit = { day: { hard: 1 } };
  it('bind a key by name and label, its team, itself and everybody', () => {
    const budgets = {
      global: limit,
      keys: { batch: limit, k1: limit, other: limit },
      teams: { search: limit },
    };
    const rules = rulesFor({ label: 'k1', name: 'batch', team: 'search', own: limit }, budgets);
    expect(rules.map(({ scope, owner }) => [scope, owner])).toEqual([
      ['global', 'everyone'],
      ['team search', { team: 'search' }],
      ['key batch', { key: 'batch' }],
      ['key k1', { key: 'k1' }],
      ['key batch', { key: 'k1' }],
    ]);
  });

  it('bind nobody where nothing is configured, whatever the name', () => {
    expect(rulesFor({ label: 'k', name: 'constructor', team: 'toString' }, { keys: {}, teams: {} })).toEqual(
      [],
    );
  });
});

describe('a hard limit', () => {
  const budgets = { global: { day: { hard: 1 } } };

  it('lets what fits pass, and refuses what does not until the window is over', async () => {
    const { book, clock } = scene({ budgets });
    const first = await book.open({});
    first?.reserve(0.4);
    first?.settle(0.9);
    const second = await book.open({});
    expect(codeOf(() => second?.reserve(0.2))).toBe('budget_exceeded');
    second?.settle(0);
    const third = await book.open({});
    third?.reserve(0.1);
    third?.settle(0.1);
    await expect(book.open({})).rejects.toMatchObject({
      code: 'budget_exceeded',
      status: 429,
      retryAfterSeconds: 12 * 3_600,
      message: expect.stringContaining('2026-02-28T00:00:00.000Z'),
    });
    clock.at = NOON + DAY_MS / 2;
    await expect(book.open({})).resolves.toBeDefined();
  });

  it('is never passed by requests that run at once', async () => {
    const { book } = scene({ budgets });
    const holds = await Promise.all(Array.from({ length: 100 }, () => book.open({})));
    const passed = holds.filter((hold) => codeOf(() => hold?.reserve(0.05)) === undefined);
    expect(passed).toHaveLength(20);
    await expect(book.open({})).rejects.toMatchObject({
      code: 'budget_exceeded',
      retryAfterSeconds: 5,
      message: expect.stringContaining('in flight'),
    });
    for (const hold of passed) hold?.settle(0.01);
    await expect(book.open({})).resolves.toBeDefined();
  });

  it.each([
    { spent: 1, aside: 0, says: 'is spent', seconds: 43_200 },
    { spent: 0.95, aside: 0, says: 'is less than this request is estimated to cost', seconds: 43_200 },
    { spent: 0.5, aside: 0.45, says: 'is set aside for requests in flight', seconds: 5 },
  ])('of which $spent USD are spent and $aside set aside $says', async ({ spent, aside, says, seconds }) => {
    const { book } = scene({ budgets: { global: { day: { hard: 1 } } } });
    const [past, running, asked] = [await book.open({}), await book.open({}), await book.open({})];
    running?.reserve(aside);
    past?.settle(spent);
    expect(() => asked?.reserve(0.1)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(says), retryAfterSeconds: seconds }),
    );
  });

  it('charges only once, and gives back what a request did not cost', async () => {
    const { book } = scene({ budgets });
    const hold = await book.open({});
    hold?.reserve(1);
    hold?.settle(0.5);
    hold?.settle(0.5);
    const next = await book.open({});
    expect(codeOf(() => next?.reserve(0.5))).toBeUndefined();
  });

  it('counts one sum once where two rules of a key share it', async () => {
    const { book } = scene({ budgets: { keys: { k: { day: { hard: 1 } } } } });
    const spender = { label: 'k', name: 'batch', own: { day: { hard: 1 } } };
    (await book.open(spender))?.settle(0.6);
    await expect(book.open(spender)).resolves.toBeDefined();
  });

  it('of zero refuses everything', async () => {
    const { book } = scene({ budgets: { keys: { k: { month: { hard: 0 } } } } });
    await expect(book.open({ label: 'k' })).rejects.toMatchObject({ code: 'budget_exceeded' });
    await expect(book.open({ label: 'other' })).resolves.toBeUndefined();
  });

  it('goes on from the ledger, which is read once for each window and owner', async () => {
    const reads: string[] = [];
    const { book, clock } = scene({
      budgets: { global: { day: { hard: 1 }, month: { hard: 10 } } },
      spent: async ({ from }, owner) => {
        reads.push(`${new Date(from).toISOString().slice(0, 10)} ${JSON.stringify(owner)}`);
        return 0.75;
      },
    });
    const hold = await book.open({});
    expect(codeOf(() => hold?.reserve(0.5))).toBe('budget_exceeded');
    await book.open({});
    expect(reads).toEqual(['2026-02-27 "everyone"', '2026-02-01 "everyone"']);
    clock.at += DAY_MS;
    await book.open({});
    expect(reads.slice(2)).toEqual(['2026-02-28 "everyone"']);
  });

  it('reads what is configured beforehand, so that no request waits', async () => {
    let reads = 0;
    const { book } = scene({
      budgets: { ...budgets, teams: { search: { month: { hard: 5 } } }, keys: { k: { day: { soft: 1 } } } },
      spent: async () => ++reads,
    });
    await book.warm();
    expect(reads).toBe(3);
    await book.open({ label: 'k', team: 'search' }).catch(() => {});
    expect(reads).toBe(3);
  });

  it('lets nobody in while the ledger cannot be read, and tries again', async () => {
    let broken = true;
    const { book } = scene({
      budgets,
      spent: () => (broken ? Promise.reject(new Error('disk')) : Promise.resolve(0)),
    });
    await expect(book.open({})).rejects.toThrow('disk');
    broken = false;
    await expect(book.open({})).resolves.toBeDefined();
  });
});

describe('a soft limit', () => {
  it('warns, is logged once, and lets everything pass', async () => {
    const { book, warnings, told } = scene({
      budgets: { global: { month: { soft: 0.5 } }, keys: { batch: { day: { soft: 0.5, hard: 1 } } } },
    });
    const first = await book.open({ label: 'k', name: 'batch' });
    expect(first?.notice()).toBeUndefined();
    first?.settle(0.6);
    for (const round of [1, 2]) {
      const hold = await book.open({ label: 'k', name: 'batch' });
      expect(hold?.notice()).toBe('soft global month; key batch day 0.6 of 0.5 USD');
      expect(hold?.maxTier).toBeUndefined();
      hold?.settle(0);
      expect(told).toHaveLength(2 * round);
    }
    expect(warnings).toHaveLength(2);
  });

  it('caps the tier where the configuration says so', async () => {
    const { book } = scene({ budgets: { global: { day: { soft: 0.5 } }, softMaxTier: 'moderate' } });
    const first = await book.open({});
    expect(first?.maxTier).toBeUndefined();
    first?.settle(0.5);
    expect((await book.open({}))?.maxTier).toBe('moderate');
  });
});
