import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTokenReader } from '../../src/classifiers/token-text.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { collectFeedback } from '../../src/training/feedback-examples.ts';
import { decisionOf, outcomeOf } from '../contracts/store.ts';
import { startRouter } from './harness.ts';

const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };
const PROMPT = 'Write to ann@example.org about the harbour at Zzyzxqk';

/** What is kept of the prompt, and the examples that retraining makes of it. */
async function kept(text: 'full' | 'redacted' | 'features' | 'none', bundle = 'models') {
  const router = await startRouter({ store: { text }, classifier: { bundle } });
  try {
    const answer = await router.post('/v1/route', { prompt: PROMPT });
    const { decision_id: id } = (await answer.json()) as { decision_id: string };
    await router.post('/v1/feedback', { decision_id: id, tier: 'moderate' });
    const { store } = router.router;
    const readText = createTokenReader('models');
    const { examples, skipped } = await collectFeedback(store.labelled(EVER), FEATURE_VERSION, { readText });
    return { text: (await store.getDecision(id))?.decision.text, examples, skipped, log: router.log };
  } finally {
    await router.close();
  }
}

describe('store.text', () => {
  it.each([
    { mode: 'full', holds: /ann@example\.org about the harbour at Zzyzxqk/, learns: /harbour/ },
    { mode: 'redacted', holds: /\[email\] about the harbour at Zzyzxqk/, learns: /harbour/ },
    { mode: 'features', holds: /^<\|ids:[0-9a-f]{12}\|>[\d ]+$/, learns: /about the/ },
  ] as const)('$mode keeps what it says, and can be trained on', async ({ mode, holds, learns }) => {
    const { text, examples } = await kept(mode);
    expect(text).toMatch(holds);
    expect(examples).toHaveLength(1);
    expect(examples[0]).toMatchObject({ tier: 'moderate', text: expect.stringMatching(learns) });
    if (mode !== 'full') expect(examples[0]?.text).not.toContain('ann');
  });

  it('none keeps nothing, and retraining says so', async () => {
    const { text, examples, skipped } = await kept('none');
    expect({ text, examples, skipped }).toMatchObject({ text: '', examples: [], skipped: { noText: 1 } });
  });

  it('features keeps nothing where no tokenizer loads, and says so loudly', async () => {
    const { text, log } = await kept('features', join(tmpdir(), 'no-such-bundle'));
    expect(text).toBe('');
    expect(log.some(({ level, message }) => level === 'error' && /NO TEXT IS KEPT/.test(message))).toBe(true);
  });

  it('says of ids whose tokenizer is gone that it cannot read them', async () => {
    const rows = async function* () {
      const text = '<|ids:000000000000|>1 2 3';
      const feedback = [{ id: 'f', decisionId: 'd', kind: 'tier', at: 1, tier: 'simple' }] as const;
      yield { decisionId: 'd', at: 0, text, featureVersion: '1', attempts: [], feedback };
    };
    for (const options of [{}, { readText: createTokenReader('models') }]) {
      const { examples, skipped } = await collectFeedback(rows(), '1', options);
      expect(examples).toEqual([]);
      expect(skipped.otherTokenizer).toBe(1);
    }
  });
});

describe('npm run forget', () => {
  async function seed(): Promise<string> {
    const path = join(mkdtempSync(join(tmpdir(), 'forget-')), 'router.db');
    const store = await openSqliteStore(path);
    await store.recordDecision(decisionOf('a1', { user: 'ann', text: 'the secret of ann', at: Date.now() }));
    await store.recordOutcome(outcomeOf('a1'));
    await store.addFeedback([{ decisionId: 'a1', kind: 'rating', rating: 'up' }], 1);
    await store.recordDecision(decisionOf('b1', { user: 'bob', session: 's' }));
    await store.close();
    return path;
  }
  function forget(...args: string[]): { code: number | null; out: string; err: string } {
    const run = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/forget.ts', ...args], {
      encoding: 'utf8',
    });
    return { code: run.status, out: run.stdout, err: run.stderr };
  }

  it('deletes and says what, leaves the rest, and leaves no trace in the file', async () => {
    const path = await seed();
    expect(readFileSync(path).includes('the secret of ann')).toBe(true);
    expect(forget('--user', 'ann', '--store', path)).toMatchObject({
      code: 0,
      out: 'user ann: deleted 1 decisions, 1 outcomes and 1 feedback rows\n',
    });
    expect(readFileSync(path).includes('the secret of ann')).toBe(false);
    expect(forget('--user', 'ann', '--store', path).code).toBe(1);
    const store = await openSqliteStore(path);
    expect((await store.stats(EVER)).total.requests).toBe(1);
    await store.close();
  });

  it.each([
    [[], /one of --user, --session, --decision/],
    [['--user', 'a', '--session', 'b'], /one of --user, --session, --decision/],
    [['--user', 'a', '--store', '/nowhere/router.db'], /There is no store at/],
  ])('refuses %j', (args, says) => {
    expect(forget(...args)).toMatchObject({ code: 2, err: expect.stringMatching(says) });
  });
});
