/** What users of other routers ask of feedback, training and thresholds; the number is that of their issue. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import type { Classifier } from '../../src/core/ports.ts';
import { perTier } from '../../src/core/tier.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { currentBundle } from '../../src/training/bundles.ts';
import { isFrozen, readExamples, rowText } from '../../src/training/examples.ts';
import { collectFeedback } from '../../src/training/feedback-examples.ts';
import type { Judged } from '../../src/training/metrics.ts';
import { PERTURBATIONS, perturbLast } from '../../src/training/perturb.ts';
import { judgeChallenger } from '../../src/training/promotion-gate.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const MODELS = join(ROOT, 'models');
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER };

let router: TestRouter;
beforeAll(async () => {
  router = await startRouter({ judge: { model: 'none' } });
});
afterAll(() => router.close());

/** A routed prompt, and the id of its decision. */
async function decided(prompt: string): Promise<string> {
  const answer = await router.post('/v1/route', { prompt });
  return answer.headers.get('x-router-decision-id') ?? '';
}

async function judged(decision: string, feedback: object): Promise<number> {
  return (await router.post('/v1/feedback', { decision_id: decision, ...feedback })).status;
}

/** The training row that retraining makes of a decision. */
async function rowOf(decision: string) {
  const { examples } = await collectFeedback(router.router.store.labelled(EVER), FEATURE_VERSION);
  return examples.find(({ id }) => id === decision);
}

describe('feedback', () => {
  it('TokenRhythm/opensquilla 211: a correction is not thrown away but becomes a training row, its secrets left out', async () => {
    const decision = await decided('Audit this: the key is sk-abcdefghijklmnopqrstuvwx1234567890ab');
    expect(await judged(decision, { tier: 'complex' })).toBe(200);
    const row = await rowOf(decision);
    expect(row).toMatchObject({ tier: 'complex', sufficient: [0, 0], certain: true });
    expect(row?.text).toContain('Audit this');
    expect(row?.text).not.toContain('abcdefghijklmnopqrstuvwx');
  });

  it('TokenRhythm/opensquilla 211: what was learnt can be taken back', async () => {
    const decision = await decided('Name a colour.');
    await judged(decision, { tier: 'complex' });
    expect(await judged(decision, { revoke: true })).toBe(200);
    expect(await rowOf(decision)).toBeUndefined();
  });

  it('vllm-project/semantic-router 1212: users can rate a route, and the rating says only what it can', async () => {
    const decision = await decided('What is the capital of France?');
    expect(await judged(decision, { rating: 'down' })).toBe(200);
    const { decision: record } = (await (await router.get(`/v1/decisions/${decision}`)).json()) as {
      decision: { tier: string };
    };
    const row = await rowOf(decision);
    expect(row?.tier).toBe(record.tier === 'moderate' ? 'complex' : undefined);
    expect(row?.sufficient?.[0]).toBe(0);
  });

  it('lm-sys/RouteLLM 65, 23: outcomes of my own models, more than two of them, become rows', async () => {
    const decision = await decided('Solve x^2 = 2 to ten digits.');
    const outcome = { simple: false, moderate: true, complex: true };
    expect(await judged(decision, { outcome })).toBe(200);
    expect(await rowOf(decision)).toMatchObject({ sufficient: [0, 1] });
  });
});

describe('thresholds', () => {
  it('vllm-project/semantic-router 2341: they are calibrated on rows the model was not trained on, and the bundle says how', () => {
    const id = currentBundle(MODELS) ?? '';
    const manifest = JSON.parse(readFileSync(join(MODELS, id, 'manifest.json'), 'utf8'));
    expect(manifest.thresholds.doubtBelow).toBeGreaterThan(0);
    expect(manifest.thresholds.chosen).toContain('cross-fitted');
    expect(manifest.metrics.crossFitted.rows).toBeGreaterThan(1_000);
  });

  it('lm-sys/RouteLLM 36: each decision says in words what its threshold meant for it', async () => {
    const decision = await decided('Hm?');
    const body = JSON.stringify(await (await router.get(`/v1/decisions/${decision}`)).json());
    expect(body).toMatch(/says (simple|moderate|complex) with confidence \d+ %/);
    expect(body).toMatch(/"threshold":0?\.\d+/);
  });
});

describe('the shipped classifier', () => {
  let classifier: Classifier;
  beforeAll(async () => {
    const folder = join(MODELS, currentBundle(MODELS) ?? '');
    classifier = await openOnnxClassifier(folder, { featureVersion: FEATURE_VERSION });
  });
  afterAll(() => classifier.close());

  const rows = readExamples(join(ROOT, 'training-data', 'authored'), 'authored')
    .filter(({ group }) => isFrozen(group))
    .slice(0, 300);

  async function tiersOf(texts: readonly string[]): Promise<string[]> {
    const answers = await classifier.classify(texts.map((text) => ({ text })));
    return answers.map(({ tier }) => tier);
  }

  it.each(['punctuation', 'typo', 'envelope'])(
    'vllm-project/semantic-router 683, 952: a change of %s seldom flips the route',
    async (name) => {
      const change = PERTURBATIONS[name];
      if (!change) throw new Error(`there is no perturbation ${name}`);
      const plain = await tiersOf(rows.map(({ messages }) => rowText(messages, undefined)));
      const after = await tiersOf(
        rows.map(({ messages }, seed) => rowText(perturbLast(messages, change, seed), undefined)),
      );
      const flipped = after.filter((tier, at) => tier !== plain[at]).length;
      expect(plain).toHaveLength(300);
      expect(flipped / rows.length).toBeLessThanOrEqual(0.05);
    },
  );
});

describe('changes of the router', () => {
  it('maximhq/bifrost 7278: no model is promoted without figures on rows it has not seen', () => {
    const certain = (right: boolean): Judged => ({
      truth: 'simple',
      tier: right ? 'simple' : 'complex',
      confidence: 0.9,
      probabilities: perTier((tier) => (tier === (right ? 'simple' : 'complex') ? 0.9 : 0.05)),
    });
    const few = Array.from({ length: 10 }, () => certain(true));
    const unseen = judgeChallenger([{ name: 'recent', champion: few, challenger: few }]);
    expect(unseen).toMatchObject({ promoted: false, reason: expect.stringContaining('rows') });
    const many = Array.from({ length: 200 }, (_, at) => certain(at % 2 === 0));
    const report = judgeChallenger([{ name: 'recent', champion: many, challenger: many }]);
    expect(report).toMatchObject({ promoted: false, reason: expect.stringContaining('not better') });
    expect(report.differences.map(({ figure }) => figure)).toContain('accuracy');
  });
});
