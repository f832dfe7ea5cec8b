/** What core/ports.ts promises of every Store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attempt, Decision, Outcome } from '../../src/core/routing.ts';
import type { FeedbackInput, LabelledDecision, StatsWindow, Store } from '../../src/core/store.ts';

const NOON = Date.UTC(2026, 0, 15, 12);
const EVER: StatsWindow = { from: 0, to: Number.MAX_SAFE_INTEGER };

export function decisionOf(id: string, over: Partial<Decision> = {}): Decision {
  return {
    id,
    at: NOON,
    dialect: 'openai-chat',
    requestedModel: 'auto',
    stream: false,
    tier: 'simple',
    confidence: 0.9,
    source: 'local',
    featureVersion: '1',
    text: `text of ${id}`,
    plan: { candidates: [], excluded: [], validators: [] },
    reasons: ['because'],
    propensity: 1,
    inputTokens: 10,
    decisionMs: 1,
    ...over,
  };
}

export function attemptOf(over: Partial<Attempt> = {}): Attempt {
  return {
    index: 0,
    model: 'small',
    provider: 'acme',
    tier: 'simple',
    status: 'ok',
    usage: {
      inputTokens: 100,
      outputTokens: 50,
      cachedInputTokens: 20,
      cacheWriteTokens: 0,
      reasoningTokens: 5,
    },
    costUsd: 0.01,
    latencyMs: 100,
    dropped: [],
    ...over,
  };
}

export function outcomeOf(decisionId: string, over: Partial<Outcome> = {}): Outcome {
  return {
    decisionId,
    at: NOON + 100,
    status: 'ok',
    tier: 'simple',
    model: 'small',
    escalated: false,
    attempts: [attemptOf()],
    costUsd: 0.01,
    baselineCostUsd: 0.04,
    latencyMs: 100,
    ...over,
  };
}

const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

const thumb = (decisionId: string, rating: 'up' | 'down'): FeedbackInput => ({
  decisionId,
  kind: 'rating',
  rating,
});

async function all(rows: AsyncIterable<LabelledDecision>): Promise<LabelledDecision[]> {
  const read: LabelledDecision[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

/** Runs the contract. `open` gives an empty store. */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the contract of a store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const add = (...inputs: FeedbackInput[]): ReturnType<Store['addFeedback']> =>
      store.addFeedback(inputs, NOON + 500);

    describe('decisions and outcomes', () => {
      it('come back as they were written', async () => {
        const decision = decisionOf('d', {
          classification: {
            tier: 'simple',
            confidence: 0.9,
            probabilities: { simple: 0.9, moderate: 0.06, complex: 0.04 },
            sufficiency: { simple: 0.9, moderate: 0.96, complex: 1 },
          },
          judge: {
            status: 'answered',
            tier: 'simple',
            model: 'j',
            cached: false,
            latencyMs: 3,
            costUsd: 0.1,
          },
          session: 's',
          user: 'u',
          apiKey: 'k',
          route: 'r',
          text: 'naïve 日本 \u0000 "quoted"',
        });
        await store.recordDecision(decision);
        expect(await store.getDecision('d')).toEqual({ decision, feedback: [] });
        await store.recordOutcome(outcomeOf('d'));
        expect(await store.getDecision('d')).toEqual({ decision, outcome: outcomeOf('d'), feedback: [] });
      });

      it('are unknown under another id', async () => {
        expect(await store.getDecision("' or 1=1 --")).toBeUndefined();
      });

      it('keep the first outcome', async () => {
        await store.recordDecision(decisionOf('d'));
        await store.recordOutcome(outcomeOf('d'));
        await store.recordOutcome(outcomeOf('d', { status: 'failed' }));
        expect((await store.getDecision('d'))?.outcome?.status).toBe('ok');
        expect((await store.stats(EVER)).total).toMatchObject({ requests: 1, ok: 1, failed: 0 });
      });

      it('refuse an outcome without its decision', async () => {
        await expect(store.recordOutcome(outcomeOf('nobody'))).rejects.toThrow();
      });

      it('can be written side by side', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => `d${index}`);
        await Promise.all(ids.map((id) => store.recordDecision(decisionOf(id))));
        await Promise.all(ids.map((id) => store.recordOutcome(outcomeOf(id))));
        await Promise.all(ids.map((id) => add(thumb(id, 'up'))));
        expect((await store.stats(EVER)).total).toMatchObject({ requests: 50, ok: 50, feedback: { up: 50 } });
      });
    });

    it('all decisions of a window come oldest first with what followed', async () => {
      for (const id of ['c', 'b', 'a']) await store.recordDecision(decisionOf(id, { at: NOON + 10 }));
      await store.recordDecision(decisionOf('late', { at: NOON + 20 }));
      await store.recordOutcome(outcomeOf('b'));
      await add(thumb('a', 'up'));
      const read = [];
      for await (const row of store.decisions({ from: NOON, to: NOON + 20 })) read.push(row);
      expect(read.map(({ decision }) => decision.id)).toEqual(['a', 'b', 'c']);
      expect(read[0]?.feedback).toMatchObject([{ rating: 'up' }]);
      expect(read[1]?.outcome).toEqual(outcomeOf('b'));
      expect(read[2]).toEqual({ decision: decisionOf('c', { at: NOON + 10 }), feedback: [] });
    });

    it('adds up what tells drift, over the decisions of the window that a bundle had a say in', async () => {
      const says = (tier: Decision['tier'], confidence: number): Pick<Decision, 'classification'> => {
        const probabilities = { simple: 0, moderate: 0, complex: 0, [tier]: confidence };
        return { classification: { tier, confidence, probabilities, sufficiency: probabilities } };
      };
      const judge = { status: 'answered', cached: false, latencyMs: 1, costUsd: 0 } as const;
      const doubt = { classifier: 'b', ...says('simple', 0.5) };
      const logged: Record<string, Partial<Decision>> = {
        sure: { classifier: 'b', ...says('simple', 0.9), inputTokens: 15, text: 'plain' },
        moved: { classifier: 'b', ...says('complex', 0.8), tier: 'moderate', inputTokens: 16, text: '' },
        agrees: {
          ...doubt,
          source: 'nano',
          judge: { ...judge, tier: 'simple' },
          text: '<|ids:000000000000|>1',
        },
        contradicts: {
          ...doubt,
          ...says('moderate', 0.4),
          source: 'nano',
          judge: { ...judge, tier: 'complex' },
          text: '<|turns:2|> <|json|> and <|history|> x',
          inputTokens: 0,
        },
        silent: { ...doubt, source: 'fallback', judge: { ...judge, status: 'timeout' }, inputTokens: 5e6 },
        rules: { classifier: 'rules', ...says('simple', 0.9), source: 'fallback' },
        forced: { source: 'override' },
        early: { classifier: 'b', ...says('simple', 0.9), at: NOON - 1 },
      };
      for (const [id, over] of Object.entries(logged)) {
        await store.recordDecision(decisionOf(id, over));
      }
      expect(await store.drift({ from: NOON, to: NOON + 1 })).toEqual({
        local: { simple: 1, moderate: 0, complex: 1 },
        classified: 5,
        doubtful: 3,
        lengths: { '0': 1, '8': 2, '16': 1, '1048576': 1 },
        facts: { '': 2, '<|turns:2|> <|json|>': 1 },
        tokens: expect.toSatisfy((tokens: Record<string, number>) => sumOf(tokens) === 3),
        judge: { answered: 2, disagreed: 1, meanConfidence: 0.45 },
      });
      expect(await store.drift({ from: 1, to: 2 })).toEqual({
        local: { simple: 0, moderate: 0, complex: 0 },
        classified: 0,
        doubtful: 0,
        lengths: {},
        facts: {},
        tokens: {},
        judge: { answered: 0, disagreed: 0, meanConfidence: null },
      });
    });

    describe('forgetting', () => {
      beforeEach(async () => {
        for (const [id, over] of Object.entries({
          a: { user: 'ann', session: 's', at: NOON - 2 },
          b: { user: 'bob', session: 's', at: NOON - 1 },
          c: { user: 'ann', at: NOON },
        })) {
          await store.recordDecision(decisionOf(id, over));
          await store.recordOutcome(outcomeOf(id));
          await add(thumb(id, 'up'), { decisionId: id, kind: 'comment', comment: 'hm' });
        }
      });
      const left = async (): Promise<string[]> => {
        const ids: string[] = [];
        for await (const { decision } of store.decisions(EVER)) ids.push(decision.id);
        return ids;
      };
      it.each([
        { selector: { decision: 'b' }, leaves: ['a', 'c'] },
        { selector: { session: 's' }, leaves: ['c'] },
        { selector: { user: 'ann' }, leaves: ['b'] },
        { selector: { before: NOON }, leaves: ['c'] },
        { selector: { user: 'nobody' }, leaves: ['a', 'b', 'c'] },
      ])('by $selector takes all that followed with it', async ({ selector, leaves }) => {
        const gone = 3 - leaves.length;
        const said = await store.forget(selector);
        expect(said).toEqual({ decisions: gone, outcomes: gone, feedback: 2 * gone });
        expect(await left()).toEqual(leaves);
        const { requests, feedback } = (await store.stats(EVER)).total;
        expect([requests, feedback.up]).toEqual([leaves.length, leaves.length]);
      });

      it('goes on until all is gone', async () => {
        for (let index = 0; index < 450; index++)
          await store.recordDecision(decisionOf(`x${index}`, { session: 'x' }));
        expect((await store.forget({ session: 'x' })).decisions).toBe(450);
        expect(await left()).toEqual(['a', 'b', 'c']);
      });
    });

    describe('feedback', () => {
      beforeEach(() => store.recordDecision(decisionOf('d')));
      const live = async (): Promise<object[]> =>
        ((await store.getDecision('d'))?.feedback ?? []).map(({ kind, rating, score, tier, comment }) => ({
          kind,
          ...(rating ? { rating } : {}),
          ...(score === undefined ? {} : { score }),
          ...(tier ? { tier } : {}),
          ...(comment ? { comment } : {}),
        }));

      it('that is a measured outcome is kept, and is the same in any order of the tiers', async () => {
        const outcome = { simple: false, complex: true };
        await add({ decisionId: 'd', kind: 'outcome', outcome });
        expect((await store.getDecision('d'))?.feedback).toMatchObject([{ kind: 'outcome', outcome }]);
        const reversed = { complex: true, simple: false };
        await expect(add({ decisionId: 'd', kind: 'outcome', outcome: reversed })).rejects.toMatchObject({
          code: 'duplicate_feedback',
        });
      });

      it('of every kind is kept, with its time and key', async () => {
        expect(
          await add(
            { decisionId: 'd', kind: 'rating', rating: 'up', apiKey: 'k' },
            { decisionId: 'd', kind: 'score', score: 0 },
            { decisionId: 'd', kind: 'tier', tier: 'complex' },
            { decisionId: 'd', kind: 'comment', comment: 'fine' },
          ),
        ).toEqual({ replaced: 0 });
        expect(await live()).toEqual([
          { kind: 'rating', rating: 'up' },
          { kind: 'score', score: 0 },
          { kind: 'tier', tier: 'complex' },
          { kind: 'comment', comment: 'fine' },
        ]);
        const stored = (await store.getDecision('d'))?.feedback[0];
        expect(stored).toMatchObject({ decisionId: 'd', at: NOON + 500, apiKey: 'k' });
      });

      it('of one kind is replaced by the last', async () => {
        await add(thumb('d', 'up'));
        expect(await add(thumb('d', 'down'))).toEqual({ replaced: 1 });
        expect(await add(thumb('d', 'up'))).toEqual({ replaced: 1 });
        expect(await live()).toEqual([{ kind: 'rating', rating: 'up' }]);
        expect((await store.stats(EVER)).total.feedback).toMatchObject({ up: 1, down: 0 });
      });

      it('that says the same again is a duplicate', async () => {
        await add(thumb('d', 'up'));
        await expect(add(thumb('d', 'up'))).rejects.toMatchObject({
          code: 'duplicate_feedback',
          field: 'rating',
        });
        expect(await live()).toHaveLength(1);
      });

      it('is recorded all or not at all', async () => {
        await add(thumb('d', 'up'));
        const both = add({ decisionId: 'd', kind: 'score', score: 0.5 }, thumb('d', 'up'));
        await expect(both).rejects.toMatchObject({ code: 'duplicate_feedback' });
        expect(await live()).toEqual([{ kind: 'rating', rating: 'up' }]);
      });

      it('on nothing is unknown_decision', async () => {
        await expect(add(thumb('x', 'up'))).rejects.toMatchObject({
          code: 'unknown_decision',
          field: 'decision_id',
        });
        await expect(store.revokeFeedback('x', NOON)).rejects.toMatchObject({ code: 'unknown_decision' });
      });

      it('can be revoked, once, and given again', async () => {
        await add(thumb('d', 'up'), { decisionId: 'd', kind: 'comment', comment: 'x' });
        expect(await store.revokeFeedback('d', NOON + 600)).toEqual({ revoked: 2 });
        expect(await live()).toEqual([]);
        expect((await store.stats(EVER)).total.feedback).toMatchObject({ up: 0, comments: 0 });
        await expect(store.revokeFeedback('d', NOON)).rejects.toMatchObject({ code: 'nothing_to_revoke' });
        expect(await add(thumb('d', 'up'))).toEqual({ replaced: 0 });
      });

      it('votes on one decision at the same time leave one', async () => {
        await Promise.allSettled(
          ['up', 'down', 'up', 'down'].map((rating) => add(thumb('d', rating as 'up'))),
        );
        expect(await live()).toHaveLength(1);
      });
    });

    describe('statistics', () => {
      /** Six requests; every figure below is added up by hand. */
      beforeEach(async () => {
        const usage = {
          inputTokens: 1_000,
          outputTokens: 200,
          cachedInputTokens: 0,
          cacheWriteTokens: 0,
          reasoningTokens: 0,
        };
        await store.recordDecision(decisionOf('a', { decisionMs: 1 }));
        await store.recordOutcome(outcomeOf('a', { latencyMs: 100 }));
        await store.recordDecision(decisionOf('b', { decisionMs: 2, apiKey: 'k1' }));
        await store.recordOutcome(
          outcomeOf('b', {
            tier: 'moderate',
            model: 'middle',
            escalated: true,
            attempts: [
              attemptOf({ status: 'rejected' }),
              attemptOf({ index: 1, model: 'middle', tier: 'moderate', usage }),
            ],
            costUsd: 0.03,
            baselineCostUsd: 0.09,
            latencyMs: 300,
          }),
        );
        await store.recordDecision(decisionOf('c', { tier: 'complex', source: 'nano', decisionMs: 3 }));
        await store.recordOutcome(
          outcomeOf('c', { model: 'large', costUsd: null, baselineCostUsd: 0.5, latencyMs: 200 }),
        );
        await store.recordDecision(decisionOf('d', { tier: 'complex', source: 'fallback', decisionMs: 4 }));
        const failed = outcomeOf('d', {
          status: 'failed',
          errorCode: 'overloaded',
          attempts: [attemptOf({ status: 'failed', usage, costUsd: 0 })],
          costUsd: 0,
          baselineCostUsd: null,
          latencyMs: 400,
        });
        const { tier: _, model: __, ...nobody } = failed;
        await store.recordOutcome(nobody);
        await store.recordDecision(decisionOf('e', { tier: 'complex', decisionMs: 5 }));
        await store.recordOutcome(
          outcomeOf('e', { status: 'cancelled', attempts: [], costUsd: 0.02, latencyMs: 50 }),
        );
        await store.recordDecision(decisionOf('f', { source: 'override', decisionMs: 6 }));
        await add(thumb('a', 'up'), { decisionId: 'a', kind: 'score', score: 0.25 });
        await add(thumb('b', 'down'), { decisionId: 'b', kind: 'score', score: 1 });
        await add(
          { decisionId: 'c', kind: 'tier', tier: 'simple' },
          { decisionId: 'c', kind: 'comment', comment: 'x' },
        );
      });

      it('are those of one key where it is named', async () => {
        const { total, byModel, bySource } = await store.stats(EVER, 'k1');
        expect(total).toMatchObject({
          requests: 1,
          escalated: 1,
          costUsd: 0.03,
          feedback: { up: 0, down: 1 },
        });
        expect([Object.keys(byModel), bySource]).toEqual([['middle'], { local: 1 }]);
        expect((await store.stats(EVER, 'k2')).total.requests).toBe(0);
      });

      it('add up, in total', async () => {
        const { total, bySource, window } = await store.stats(EVER);
        expect(window).toEqual(EVER);
        expect(total).toMatchObject({
          requests: 6,
          ok: 3,
          failed: 1,
          cancelled: 1,
          escalated: 1,
          escalationRate: 0.2,
          inputTokens: 100 + (100 + 1_000) + 100 + 1_000,
          outputTokens: 50 + (50 + 200) + 50 + 200,
          cachedInputTokens: 20 + 20 + 20,
          reasoningTokens: 5 + 5 + 5,
          unknownCost: 1,
          feedback: { up: 1, down: 1, scores: 2, meanScore: 0.625, corrections: 1, comments: 1 },
        });
        expect(total.costUsd).toBeCloseTo(0.01 + 0.03 + 0 + 0.02, 12);
        expect(bySource).toEqual({ local: 3, nano: 1, fallback: 1, override: 1 });
      });

      it('by the tier that was decided', async () => {
        const { byTier } = await store.stats(EVER);
        expect(byTier.simple).toMatchObject({ requests: 3, ok: 2, escalated: 1, escalationRate: 0.5 });
        expect(byTier.simple.costUsd).toBeCloseTo(0.04, 12);
        expect(byTier.simple.feedback).toMatchObject({ up: 1, down: 1, meanScore: 0.625 });
        expect(byTier.moderate).toMatchObject({
          requests: 0,
          costUsd: 0,
          escalationRate: null,
          latencyMs: { p50: null, p99: null },
          feedback: { up: 0, meanScore: null },
        });
        expect(byTier.complex).toMatchObject({ requests: 3, ok: 1, failed: 1, cancelled: 1, unknownCost: 1 });
        expect(byTier.complex.feedback).toMatchObject({ corrections: 1, comments: 1 });
      });

      it('by the model that answered', async () => {
        const { byModel } = await store.stats(EVER);
        expect(Object.keys(byModel).sort()).toEqual(['large', 'middle', 'small']);
        expect(byModel.middle).toMatchObject({
          requests: 1,
          escalated: 1,
          inputTokens: 1_100,
          feedback: { down: 1 },
        });
        expect(byModel.large).toMatchObject({ requests: 1, costUsd: 0, unknownCost: 1 });
      });

      it('save what is known to be saved', async () => {
        const { savings } = await store.stats(EVER);
        expect(savings.requests).toBe(3);
        expect(savings.costUsd).toBeCloseTo(0.01 + 0.03 + 0.02, 12);
        expect(savings.baselineCostUsd).toBeCloseTo(0.04 + 0.09 + 0.04, 12);
        expect(savings.savedUsd).toBeCloseTo(0.11, 12);
        expect(savings.savedShare).toBeCloseTo(0.11 / 0.17, 12);
      });

      it('have percentiles by nearest rank', async () => {
        const { total, byTier } = await store.stats(EVER);
        expect(total.latencyMs).toEqual({ p50: 200, p99: 400 });
        expect(total.decisionMs).toEqual({ p50: 3, p99: 6 });
        expect(byTier.simple.latencyMs).toEqual({ p50: 100, p99: 300 });
      });

      it('have an exact 99th percentile', async () => {
        for (let index = 1; index <= 200; index++) {
          await store.recordDecision(decisionOf(`p${index}`, { at: NOON + 10_000, decisionMs: index }));
        }
        const { total } = await store.stats({ from: NOON + 10_000, to: NOON + 10_001 });
        expect(total.decisionMs).toEqual({ p50: 100, p99: 198 });
      });

      it('count the lower border of the window and not the upper', async () => {
        const requests = async (from: number, to: number): Promise<number> =>
          (await store.stats({ from, to })).total.requests;
        expect(await requests(NOON, NOON + 1)).toBe(6);
        expect(await requests(NOON - 1, NOON)).toBe(0);
        expect(await requests(NOON + 1, NOON + 2)).toBe(0);
      });

      it('of nothing are zeros and nulls', async () => {
        const { total, byModel, bySource, savings } = await store.stats({ from: 0, to: 1 });
        expect(total).toMatchObject({ requests: 0, costUsd: 0, escalationRate: null, inputTokens: 0 });
        expect(total.latencyMs).toEqual({ p50: null, p99: null });
        expect([byModel, bySource]).toEqual([{}, {}]);
        expect(savings).toEqual({
          requests: 0,
          costUsd: 0,
          baselineCostUsd: 0,
          savedUsd: 0,
          savedShare: null,
          unknown: 0,
          overRequests: null,
          overDays: null,
          counterfactuals: {},
        });
      });
    });

    describe('classifiers', () => {
      const shadow = { classifier: 'b', tier: 'complex', confidence: 0.75 } as const;
      const by = (id: string, classifier: string, over: Partial<Decision> = {}): Decision =>
        decisionOf(id, {
          classifier,
          classification: {
            tier: 'simple',
            confidence: 0.9,
            probabilities: { simple: 0.9, moderate: 0.06, complex: 0.04 },
            sufficiency: { simple: 0.9, moderate: 0.96, complex: 1 },
          },
          ...over,
        });

      it("are given the shadow's answer afterwards, the first one only", async () => {
        const decision = by('d', 'a', { text: 'a text with "quotes" and }' });
        await store.recordDecision(decision);
        await store.recordShadow('d', shadow);
        await store.recordShadow('d', { ...shadow, tier: 'simple' });
        await store.recordShadow('nobody', shadow);
        expect((await store.getDecision('d'))?.decision).toEqual({ ...decision, shadow });
      });

      it('are compared by what they decided within the window and how it went', async () => {
        await store.recordDecision(by('a1', 'a'));
        await store.recordDecision(by('a2', 'a', { tier: 'complex' }));
        await store.recordDecision(by('a3', 'a', { at: NOON - 1 }));
        await store.recordDecision(by('b1', 'b'));
        await store.recordDecision(decisionOf('forced', { source: 'override' }));
        await store.recordOutcome(outcomeOf('a1', { escalated: true }));
        await store.recordOutcome(outcomeOf('a2'));
        await store.recordShadow('a1', shadow);
        await store.recordShadow('a2', { ...shadow, tier: 'simple' });
        await add(thumb('a1', 'down'));
        await add(thumb('a2', 'up'));
        await add({ decisionId: 'a2', kind: 'score', score: 0.1 });
        await add(thumb('b1', 'down'));
        await store.revokeFeedback('b1', NOON + 600);
        const window = { from: NOON, to: NOON + 1 };
        const ofA = {
          requests: 2,
          byTier: { simple: 1, moderate: 0, complex: 1 },
          finished: 2,
          escalated: 1,
          rated: 2,
          down: 1,
          shadows: { b: { compared: 2, agreed: 1 } },
        };
        const ofB = {
          requests: 1,
          byTier: { simple: 1, moderate: 0, complex: 0 },
          finished: 0,
          escalated: 0,
          rated: 0,
          down: 0,
          shadows: {},
        };
        expect(await store.classifierStats(window)).toEqual({ a: ofA, b: ofB });
        expect(await store.classifierStats(window, 'a')).toEqual({ a: ofA });
        expect(await store.classifierStats(window, 'nobody')).toEqual({});
        expect((await store.classifierStats(EVER)).a?.requests).toBe(3);
      });
    });

    describe('labelled decisions', () => {
      it('are those with live feedback, a judge’s answer or a rejected attempt', async () => {
        const judge = {
          status: 'answered',
          tier: 'complex',
          cached: false,
          latencyMs: 1,
          costUsd: 0,
        } as const;
        for (const id of ['plain', 'voted', 'revoked', 'rejected'])
          await store.recordDecision(decisionOf(id));
        await store.recordDecision(decisionOf('judged', { source: 'nano', tier: 'complex', judge }));
        await store.recordDecision(
          decisionOf('unanswered', { source: 'fallback', judge: { ...judge, status: 'timeout' } }),
        );
        await store.recordOutcome(outcomeOf('rejected', { attempts: [attemptOf({ status: 'rejected' })] }));
        await add(thumb('voted', 'up'));
        await add(thumb('revoked', 'up'));
        await store.revokeFeedback('revoked', NOON);
        const ids = (await all(store.labelled(EVER))).map(({ decisionId }) => decisionId);
        expect(ids.sort()).toEqual(['judged', 'rejected', 'voted']);
      });

      it('tell all that training needs', async () => {
        const judge = {
          status: 'answered',
          tier: 'moderate',
          cached: false,
          latencyMs: 1,
          costUsd: 0,
        } as const;
        await store.recordDecision(decisionOf('d', { session: 's', apiKey: 'k', source: 'nano', judge }));
        await store.recordOutcome(outcomeOf('d', { tier: 'moderate' }));
        await add(thumb('d', 'down'), { decisionId: 'd', kind: 'tier', tier: 'complex' });
        const [row] = await all(store.labelled(EVER));
        expect(row).toMatchObject({
          decisionId: 'd',
          at: NOON,
          text: 'text of d',
          featureVersion: '1',
          session: 's',
          apiKey: 'k',
          answeredBy: 'moderate',
          judge: 'moderate',
          attempts: [{ model: 'small', status: 'ok' }],
          feedback: [{ rating: 'down' }, { tier: 'complex' }],
        });
      });

      const MINUTE = 60_000;
      const answeredAt = NOON + 100;
      it.each([
        { name: 'of the same session', again: { session: 's' }, retried: true },
        { name: 'of another session', again: { session: 't' }, retried: false },
        { name: 'of no session', again: {}, retried: false },
        { name: 'too late', again: { session: 's', at: answeredAt + MINUTE }, retried: false },
        { name: 'before the answer', again: { session: 's', at: answeredAt - 1 }, retried: false },
        { name: 'of another text', again: { session: 's', text: 'something else' }, retried: false },
      ])('tell a retry: the same text $name', async ({ again, retried }) => {
        const text = 'the same text';
        await store.recordDecision(decisionOf('first', { text, session: 's', apiKey: 'k' }));
        await store.recordOutcome(outcomeOf('first', { at: answeredAt }));
        await store.recordDecision(
          decisionOf('again', { text, apiKey: 'k', at: answeredAt + MINUTE - 1, ...again }),
        );
        const rows = await all(store.labelled(EVER));
        expect(rows.map((row) => [row.decisionId, row.retried])).toEqual(retried ? [['first', true]] : []);
      });

      it.each([
        { name: 'key and user', over: { apiKey: 'k', user: 'u' }, retried: 1 },
        { name: 'key alone', over: { apiKey: 'k' }, retried: 1 },
        { name: 'nothing', over: {}, retried: 0 },
        { name: 'nothing, and no text is kept', over: { text: '', apiKey: 'k' }, retried: 0 },
      ])('without a session know the client by $name', async ({ over, retried }) => {
        await store.recordDecision(decisionOf('first', { text: 'same', ...over }));
        await store.recordOutcome(outcomeOf('first', { at: answeredAt }));
        await store.recordDecision(decisionOf('again', { text: 'same', ...over, at: answeredAt }));
        await store.recordDecision(
          decisionOf('stranger', { text: 'same', apiKey: 'k', user: 'v', at: answeredAt }),
        );
        expect(await all(store.labelled(EVER))).toHaveLength(retried);
      });

      it('tell no retry of a request that failed', async () => {
        await store.recordDecision(decisionOf('first', { text: 'same', session: 's' }));
        await store.recordOutcome(outcomeOf('first', { at: answeredAt, status: 'failed' }));
        await store.recordDecision(decisionOf('again', { text: 'same', session: 's', at: answeredAt + 1 }));
        expect(await all(store.labelled(EVER))).toEqual([]);
      });

      it('come oldest first, each once, over several pages and equal times', async () => {
        const count = 1_203;
        for (let index = 0; index < count; index++) {
          const id = `d${String(index).padStart(5, '0')}`;
          const at = NOON + Math.floor((count - index) / 7);
          await store.recordDecision(decisionOf(id, { at, source: 'nano' }));
        }
        const rows = await all(store.labelled(EVER));
        expect(new Set(rows.map(({ decisionId }) => decisionId)).size).toBe(count);
        const order = rows.map(({ at, decisionId }) => `${at} ${decisionId}`);
        expect(order).toEqual([...order].sort());
      });

      it('lie within the window', async () => {
        for (const at of [NOON - 1, NOON, NOON + 9, NOON + 10]) {
          await store.recordDecision(decisionOf(`d${at - NOON}`, { at, source: 'nano' }));
        }
        const rows = await all(store.labelled({ from: NOON, to: NOON + 10 }));
        expect(rows.map(({ decisionId }) => decisionId)).toEqual(['d0', 'd9']);
      });

      it('can be read while others are written, and left early', async () => {
        await store.recordDecision(decisionOf('a', { source: 'nano' }));
        await store.recordDecision(decisionOf('b', { source: 'nano' }));
        for await (const row of store.labelled(EVER)) {
          await store.recordDecision(decisionOf(`after-${row.decisionId}`));
          break;
        }
        expect((await store.stats(EVER)).total.requests).toBe(3);
      });
    });

    it('adds up what the judge cost since a time, not what came from its cache, and the unknown as it is told to', async () => {
      const judge = { status: 'answered', tier: 'simple', model: 'j', cached: false, latencyMs: 1 } as const;
      const asked = (id: string, at: number, costUsd: number | null, cached = false): Promise<void> =>
        store.recordDecision(decisionOf(id, { at, judge: { ...judge, costUsd, cached } }));
      const day = Date.UTC(2026, 0, 15);
      await asked('yesterday', day - 1, 5);
      await asked('midnight', day, 0.25);
      await asked('later', day + 1, 0.5);
      await asked('cached', day + 2, 0, true);
      await asked('unknown', day + 3, null);
      await store.recordDecision(decisionOf('unasked', { at: day + 4 }));
      expect(await store.judgeSpend(day)).toBe(0.75);
      expect(await store.judgeSpend(day, 0.125)).toBe(0.875);
      expect(await store.judgeSpend(day + 5)).toBe(0);
      expect(await store.judgeSpend(0)).toBe(5.75);
    });

    it('answers a ping until it is closed, which can be done twice', async () => {
      await store.ping();
      await store.close();
      await store.close();
      await expect(store.ping()).rejects.toThrow();
    });
  });
}
