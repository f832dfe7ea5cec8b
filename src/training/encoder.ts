/** Two sufficiency heads on the mean of a frozen encoder's token vectors: the other kind of model `train` can make. */
import type { Manifest } from '../classifiers/bundle.ts';
import { classificationOf } from '../classifiers/onnx.ts';
import { TIERS } from '../core/tier.ts';
import type { Encoder } from './encoder-files.ts';
import { classifyingEncoder, type Heads, pooledEncoder } from './encoder-graph.ts';
import type { Example } from './examples.ts';
import type { FitOptions } from './fit.ts';
import { calibrateHeads, planRows, type RowsInput } from './fit-rows.ts';
import type { Judged } from './metrics.ts';
import { type LinearModel, type LinearRow, linearScores, trainLinear } from './ngrams.ts';
import { type CrossFitted, type PublishOptions, publish } from './publish.ts';
import { runEach } from './run-graph.ts';

export interface EncoderTrainOptions extends RowsInput, PublishOptions {
  readonly encoder: Encoder;
  readonly fit: Omit<FitOptions, 'linear' | 'boost' | 'treeShare'>;
}

const HEADS = 2;
const LINEAR = { heads: HEADS, epochs: 12, rate: 0.1, decay: 1e-4 };
/** Share of the work that the encoder does, for the progress bar. */
const ENCODING = 0.9;

/** How a column of the features becomes one of mean 0 and variance 1 / columns. */
interface Scaling {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

function scalingOf(features: readonly Float32Array[]): Scaling {
  const columns = features[0]?.length ?? 0;
  const mean = new Float64Array(columns);
  const square = new Float64Array(columns);
  for (const row of features) {
    for (let at = 0; at < columns; at++) {
      const value = row[at] ?? 0;
      mean[at] = (mean[at] as number) + value / features.length;
      square[at] = (square[at] as number) + (value * value) / features.length;
    }
  }
  const scale = mean.map((value, at) => {
    const variance = (square[at] ?? 0) - value * value;
    return variance > 1e-12 ? 1 / Math.sqrt(variance * columns) : 0;
  });
  return { mean, scale };
}

/** Cross-fitted heads, their calibration, and both folded into weights on the features as the encoder gives them. */
function fitHeads(
  features: readonly Float32Array[],
  options: EncoderTrainOptions,
): CrossFitted & { heads: Heads } {
  const { fit, examples } = options;
  const { mean, scale } = scalingOf(features);
  const indices = Int32Array.from(mean.keys());
  const rows = planRows(options, fit).map(({ fold, targets, weight }, at) => ({
    fold,
    features: {
      indices,
      values: Float32Array.from(features[at] ?? [], (v, k) => (v - (mean[k] ?? 0)) * (scale[k] ?? 0)),
    },
    targets: targets.slice(0, HEADS),
    weight,
  }));
  const trained = (chosen: readonly LinearRow[]): LinearModel =>
    trainLinear(chosen, mean.length, { ...LINEAR, seed: fit.seed });
  const outOfFold = new Float64Array(examples.length * HEADS);
  for (let fold = 0; fold < fit.folds; fold++) {
    const model = trained(rows.filter((row) => row.fold !== fold));
    for (const [at, row] of rows.entries()) {
      if (row.fold === fold && at < examples.length)
        outOfFold.set(linearScores(model, row.features), at * HEADS);
    }
    fit.onProgress?.(ENCODING + ((1 - ENCODING) * (fold + 1)) / (fit.folds + 1));
  }
  const platt = calibrateHeads(options, outOfFold);
  const { weights: raw, bias: start } = trained(rows);
  const weights = raw.map((weight, at) => weight * (scale[at >> 1] ?? 0) * platt[at & 1 ? 1 : 0].slope);
  const biasOf = (head: 0 | 1): number => {
    const shift = mean.reduce((sum, value, k) => sum + value * (weights[k * HEADS + head] ?? 0), 0);
    return platt[head].slope * (start[head] ?? 0) + platt[head].offset - shift;
  };
  return { platt, outOfFold, heads: { weights, bias: [biasOf(0), biasOf(1)] } };
}

/**
 * Runs the encoder once over every row, trains the heads on what it gives, and writes `models/<id>` with one graph for
 * both. The same rows, weights, folds and calibration as `train`; reserved tokens are plain text to the encoder's
 * tokenizer. Throws EncoderError where the encoder's graph cannot be built upon.
 */
export async function trainOnEncoder(options: EncoderTrainOptions): Promise<Manifest> {
  const { encoder, fit } = options;
  const planned = planRows(options, fit);
  const features = await runEach(
    pooledEncoder(encoder.model),
    planned.map(({ text }) => encoder.tokenizer.encode(text)),
    { output: 'features', onText: (done) => fit.onProgress?.((ENCODING * done) / planned.length) },
  );
  const { heads, ...crossFitted } = fitHeads(features, options);
  const model = classifyingEncoder(encoder.model, heads);
  const judge = async (rows: readonly Example[]): Promise<Judged[]> => {
    const known = rows.flatMap(({ tier, text }) =>
      tier ? [{ tier, ids: encoder.tokenizer.encode(text) }] : [],
    );
    const logits = await runEach(
      model,
      known.map(({ ids }) => ids),
      { output: 'logits' },
    );
    return known.map(({ tier: truth }, at) => ({ truth, ...classificationOf(logits[at] ?? [], TIERS) }));
  };
  return publish(options, {
    ...crossFitted,
    model,
    tokenizer: encoder.files,
    from: { encoder: { name: encoder.name, sha256: encoder.sha256 } },
    judge,
  });
}
