/** The Classifier port over a bundle: tokenise, infer with onnxruntime, read the tiers off the logits. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Classifier, ClassifierInput } from '../core/ports.ts';
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

function int64(values: Int32Array): Tensor {
  return new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
}

/**
 * Loads the bundle at `path` (a bundle folder, or a folder with a `current` pointer). Every text is run by itself,
 * so that it cannot matter what it is batched with. Throws BundleError where the bundle does not fit.
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
  const classifyOne = async ({ text }: ClassifierInput): Promise<Classification> => {
    const ids = tokenizer.encode(text);
    const answer = await session.run({
      input_ids: int64(ids),
      attention_mask: int64(new Int32Array(ids.length).fill(1)),
      ...(types ? { token_type_ids: int64(new Int32Array(ids.length)) } : {}),
    });
    const logits = answer.logits?.data;
    if (!(logits instanceof Float32Array) || logits.length !== tiers.length) {
      throw new Error(`bundle ${bundle.id} gave no logits for its labels`);
    }
    return classificationOf(logits, tiers);
  };
  return {
    id: bundle.id,
    doubtBelow: options.doubtBelow ?? bundle.manifest?.thresholds.doubtBelow ?? UNCALIBRATED_DOUBT,
    classify: async (inputs) => {
      const answers: Classification[] = [];
      for (const input of inputs) answers.push(await classifyOne(input));
      return answers;
    },
    close: () => session.release(),
  };
}
