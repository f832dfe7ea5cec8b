import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/core/routing.ts';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import { FEATURE_VERSION } from '../../src/routing/features.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { collectFeedback } from '../../src/training/feedback-examples.ts';
import { type RetrainOptions, type RetrainReport, retrain } from '../../src/training/retrain.ts';
import { TINY_FIT, tinyBundle, tinyExamples, tinyInput } from './tiny.ts';

/** Work the base rows know nothing of, in the words of one company. */
const NEW_ASKS: Readonly<Record<Tier, string>> = {
  simple: 'stamp the delivery note of',
  moderate: 'draft a handover memo about',
  complex: 'reconcile the disputed freight claims of',
};

function decision(id: string, text: string, at: number): Decision {
  return {
    id,
    at,
    dialect: 'openai-chat',
    requestedModel: 'auto',
    stream: false,
    tier: 'moderate',
    confidence: 0.5,
    source: 'local',
    classifier: 'tiny',
    featureVersion: FEATURE_VERSION,
    text,
    plan: { candidates: [], excluded: [], validators: [] },
    reasons: [],
    propensity: 1,
    inputTokens: 10,
    decisionMs: 1,
  };
}

/** Logs 300 requests and what people said of them, and retrains; `label` may lie. */
async function week(
  label: (truth: Tier, index: number) => Tier,
): Promise<RetrainReport & { models: string }> {
  const { models } = await tinyBundle();
  const store = await openSqliteStore(':memory:');
  for (let index = 0; index < 300; index++) {
    const truth = TIERS[index % 3] ?? 'simple';
    const id = `d${index}`;
    await store.recordDecision(decision(id, `${NEW_ASKS[truth]} client ${index}`, 1_000 + index));
    await store.addFeedback([{ decisionId: id, kind: 'tier', tier: label(truth, index) }], 2_000 + index);
  }
  const { examples } = await collectFeedback(store.labelled({ from: 0, to: 10_000 }), FEATURE_VERSION);
  await store.close();
  expect(examples).toHaveLength(300);
  const { lexiconPath, ...input } = tinyInput(models);
  const report = await retrain({
    base: { input, lexiconPath, tests: { heldOut: [], dev: [], frozen: tinyExamples() } },
    feedback: examples,
    models,
    id: 'challenger',
    champion: models,
    promote: true,
    codeVersion: 'test',
    fit: TINY_FIT,
    doubtShare: 0.2,
    risk: 0.1,
  });
  return { ...report, models };
}

describe('retrain', () => {
  it('learns from what people said, proves it on sessions it did not see, and takes over', async () => {
    const report = await week((truth) => truth);
    expect(report.gate).toMatchObject({ promoted: true, reason: expect.stringContaining('recent') });
    expect(readFileSync(join(report.models, 'current'), 'utf8').trim()).toBe('challenger');
    expect(report.trainedOn.feedback + report.heldBack).toBe(300);
    const recent = report.gate.differences.find(
      ({ test, figure }) => test === 'recent' && figure === 'accuracy',
    );
    expect(recent?.challenger).toBeGreaterThan(recent?.champion ?? 1);
  });

  it('goes on with a bundle that an interrupted run had trained, and with its verdict', async () => {
    const { models } = await tinyBundle();
    const { lexiconPath, ...input } = tinyInput(models);
    const feedback = tinyExamples().map((row) => ({ ...row, id: `f${row.id}`, source: 'feedback' }));
    const options: RetrainOptions = {
      base: { input, lexiconPath, tests: { heldOut: [], dev: [], frozen: tinyExamples() } },
      feedback,
      models,
      id: 'challenger',
      champion: models,
      promote: true,
      codeVersion: 'test',
      fit: TINY_FIT,
      doubtShare: 0.2,
      risk: 0.1,
    };
    const first = await retrain(options);
    expect(first).toMatchObject({ trained: true, gate: { promoted: false } });
    const gatePath = join(models, 'challenger', 'gate.json');
    const manifestPath = join(models, 'challenger', 'manifest.json');
    const marked = `${readFileSync(manifestPath, 'utf8')} `;
    writeFileSync(manifestPath, marked);
    rmSync(gatePath);
    expect(await retrain({ ...options, resume: true })).toEqual({ ...first, trained: false });
    expect(readFileSync(manifestPath, 'utf8')).toBe(marked);
    expect(existsSync(gatePath)).toBe(true);

    writeFileSync(gatePath, JSON.stringify({ ...first.gate, promoted: true }));
    expect((await retrain({ ...options, resume: true })).gate.promoted).toBe(true);
    expect(readFileSync(join(models, 'current'), 'utf8').trim()).toBe('challenger');

    const more = { ...options, feedback: feedback.slice(20), resume: true, promote: false };
    expect((await retrain(more)).trained).toBe(true);
    expect(readFileSync(manifestPath, 'utf8')).not.toBe(marked);
  });

  it('leaves the running model where the labels were shuffled, and keeps the verdict beside the bundle', async () => {
    const report = await week((_, index) => TIERS[(index * 7 + Math.floor(index / 5)) % 3] ?? 'simple');
    expect(report.gate.promoted).toBe(false);
    expect(readFileSync(join(report.models, 'current'), 'utf8').trim()).toBe('tiny');
    expect(existsSync(join(report.models, 'challenger', 'onnx', 'model.onnx'))).toBe(true);
    const stored = JSON.parse(readFileSync(join(report.models, 'challenger', 'gate.json'), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(report.gate)));
  });
});
