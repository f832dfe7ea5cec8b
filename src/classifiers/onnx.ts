/** The Classifier port over a bundle: tokenise, infer with onnxruntime, read the tiers off the logits. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Classifier } from '../core/ports.ts';
import type { Classification } from '../core/routing.ts';
import { TIERS, type Tier } from '../core/tier.ts';
import { BundleError, readBundle, tiersOfLabels } from './bundle.ts';
import { createTokenizer } from './tokenizer.ts';

export interface OnnxClassifierOptions {
  /** Version of the feature text this program makes; a bundle trained on another one is refused. */
  readonly featureVersion?: string;
  /** Label to tier, for models whose labels are not tier names. */
  readonly labels?: Readonly<Record<string, Tier>>;
  /** For models without a manifest; confidence below it is doubt. */
  readonly doubtBelow?: number;
}

/** Doubt of a model that says nothing of its own calibration. */
const UNCALIBRATED_DOUBT = 0.6;

/** Softmax over logits, summed by tier; the tier is the most probable one, the cheaper of equals. */
export function classificationOf(logits: ArrayLike<number>, tiers: readonly Tier[]): Classification {
  const values = Array.from(logits);
  const highest = Math.max(...values);
  const weights = values.map((value) => Math.exp(value - highest));
  const total = weights.reduce((sum, value) => sum + value, 0);
  const probability = (tier: Tier): number =>
    weights.reduce((sum, weight, index) => (tiers[index] === tier ? sum + weight / total : sum), 0);
  const probabilities = {
    simple: probability('simple'),
    moderate: probability('moderate'),
    complex: probability('complex'),
  };
  const tier = TIERS.reduce((best, next) => (probabilities[next] > probabilities[best] ? next : best));
  const { simple, moderate } = probabilities;
  return {
    sufficiency: { simple, moderate: Math.min(1, simple + moderate), complex: 1 },
    probabilities,
    tier,
    confidence: probabilities[tier],
  };
}

/** Texts of equal length that run together at most. */
const BATCH = 16;

/** int64 [rows, width] from numbers below 2^31, without a BigInt for each. */
function int64(rows: number, width: number, value: (row: number, at: number) => number): Tensor {
  const data = new BigInt64Array(rows * width);
  const words = new Int32Array(data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < width; at++) words[2 * (row * width + at)] = value(row, at);
  }
  return new Tensor('int64', data, [rows, width]);
}

/** Positions of the texts, in groups of equal token count: within one nothing is padded. */
function groupByLength(texts: readonly Int32Array[], limit: number): number[][] {
  const open = new Map<number, number[]>();
  const groups: number[][] = [];
  for (const [at, { length }] of texts.entries()) {
    const group = open.get(length);
    if (group && group.length < limit) group.push(at);
    else {
      const fresh = [at];
      open.set(length, fresh);
      groups.push(fresh);
    }
  }
  return groups;
}

/**
 * Loads the bundle at `path` (a bundle folder, or a folder with a `current` pointer). Texts of equal length run
 * together, without padding: our graphs give the same bits alone and in such a batch. Models without manifest, and
 * heads on an encoder, run one text at a time, since nothing of the kind is known of them. Throws BundleError where the bundle does not fit.
 */
export async function openOnnxClassifier(
  path: string,
  options: OnnxClassifierOptions = {},
): Promise<Classifier> {
  const bundle = readBundle(path, options.featureVersion);
  const tiers = tiersOfLabels(bundle.labels, options.labels);
  const tokenizer = await createTokenizer(bundle);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(bundle.model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
  } catch (error) {
    throw new BundleError(`${bundle.folder}/onnx/model.onnx cannot be loaded: ${String(error)}`);
  }
  const types = session.inputNames.includes('token_type_ids');
  const limit = bundle.manifest && !bundle.manifest.encoder ? BATCH : 1;
  const classifyGroup = async (texts: readonly Int32Array[]): Promise<Classification[]> => {
    const rows = texts.length;
    const width = texts[0]?.length ?? 0;
    const answer = await session.run({
      input_ids: int64(rows, width, (row, at) => texts[row]?.[at] ?? 0),
      attention_mask: int64(rows, width, () => 1),
      ...(types ? { token_type_ids: int64(rows, width, () => 0) } : {}),
    });
    const logits = answer.logits?.data;
    if (!(logits instanceof Float32Array) || logits.length !== rows * tiers.length) {
      throw new Error(`bundle ${bundle.id} gave no logits for its labels`);
    }
    return texts.map((_, row) =>
      classificationOf(logits.subarray(row * tiers.length, (row + 1) * tiers.length), tiers),
    );
  };
  const simpleFrom = bundle.manifest?.thresholds.simpleFrom;
  return {
    id: bundle.id,
    doubtBelow: options.doubtBelow ?? bundle.manifest?.thresholds.doubtBelow ?? UNCALIBRATED_DOUBT,
    ...(simpleFrom === undefined ? {} : { simpleFrom }),
    ...(bundle.manifest?.baseline ? { baseline: bundle.manifest.baseline } : {}),
    classify: async (inputs) => {
      const texts = inputs.map(({ text }) => tokenizer.encode(text));
      const answers = new Array<Classification>(inputs.length);
      for (const group of groupByLength(texts, limit)) {
        const found = await classifyGroup(group.map((at) => texts[at] ?? new Int32Array(1)));
        for (const [index, at] of group.entries()) {
          const answer = found[index];
          if (answer) answers[at] = answer;
        }
      }
      return answers;
    },
    close: () => session.release(),
  };
}
