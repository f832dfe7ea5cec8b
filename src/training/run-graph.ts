/** Runs a graph over many texts in batches of like length. */
import { InferenceSession, Tensor } from 'onnxruntime-node';

export const SESSION_OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;

const BATCH = 64;

/** `input_ids` and `attention_mask` of a batch, padded with 0 to the longest. */
export function batchTensors(batch: readonly Int32Array[]): { input_ids: Tensor; attention_mask: Tensor } {
  const width = batch.reduce((longest, ids) => Math.max(longest, ids.length), 1);
  const ids = new BigInt64Array(batch.length * width);
  const mask = new BigInt64Array(batch.length * width);
  for (const [row, tokens] of batch.entries()) {
    for (let at = 0; at < tokens.length; at++) {
      ids[row * width + at] = BigInt(tokens[at] ?? 0);
      mask[row * width + at] = 1n;
    }
  }
  const dims = [batch.length, width];
  return { input_ids: new Tensor('int64', ids, dims), attention_mask: new Tensor('int64', mask, dims) };
}

/** The output of the graph for every text, row-major [texts * columns], in the order of `texts`. */
export async function runGraph(
  model: Uint8Array,
  texts: readonly Int32Array[],
  output: { readonly name: string; readonly columns: number },
): Promise<Float32Array> {
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  const result = new Float32Array(texts.length * output.columns);
  const order = [...texts.keys()].sort((a, b) => (texts[a]?.length ?? 0) - (texts[b]?.length ?? 0) || a - b);
  for (let at = 0; at < order.length; at += BATCH) {
    const rows = order.slice(at, at + BATCH);
    const answer = await session.run(batchTensors(rows.map((row) => texts[row] ?? new Int32Array(0))));
    const data = answer[output.name]?.data;
    if (!(data instanceof Float32Array)) throw new Error(`the graph has no output ${output.name}`);
    for (const [index, row] of rows.entries()) {
      result.set(data.subarray(index * output.columns, (index + 1) * output.columns), row * output.columns);
    }
  }
  await session.release();
  return result;
}

/** What a graph over one text may ask for. */
const INPUTS: Readonly<Record<string, (ids: Int32Array) => BigInt64Array>> = {
  input_ids: (ids) => BigInt64Array.from(ids, BigInt),
  attention_mask: (ids) => new BigInt64Array(ids.length).fill(1n),
  token_type_ids: (ids) => new BigInt64Array(ids.length),
};

/**
 * The output of a graph of others for every text, one text at a time, since nothing is known of how its batches
 * behave. Throws where it asks for an input that is not among input_ids, attention_mask and token_type_ids.
 */
export async function runEach(
  model: Uint8Array,
  texts: readonly Int32Array[],
  { output, onText }: { readonly output: string; readonly onText?: (done: number) => void },
): Promise<Float32Array[]> {
  const session = await InferenceSession.create(model, SESSION_OPTIONS);
  const results: Float32Array[] = [];
  for (const ids of texts) {
    const feeds = session.inputNames.map((name): [string, Tensor] => {
      const make = INPUTS[name];
      if (!make) throw new Error(`the graph asks for the input ${name}; there are ${Object.keys(INPUTS)}`);
      return [name, new Tensor('int64', make(ids), [1, ids.length])];
    });
    const answer = await session.run(Object.fromEntries(feeds));
    const data = answer[output]?.data;
    if (!(data instanceof Float32Array)) throw new Error(`the graph has no output ${output}`);
    results.push(data);
    onText?.(results.length);
  }
  await session.release();
  return results;
}
