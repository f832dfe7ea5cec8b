/**
 * Heads on top of somebody else's graph. The nodes added here mean the same in every operator set from 8 on, so the
 * encoder's own set stays as it is.
 */
import onnxProto from 'onnx-proto';
import { EncoderError } from './encoder-files.ts';
import { OnnxGraph } from './onnx-graph.ts';

/** Names of the output that holds a vector for each token. */
const TOKEN_OUTPUTS = ['last_hidden_state', 'token_embeddings'];
const LEAST_OPSET = 8;

/** Log odds of both heads: `weights` [features * 2] on the pooled vector, plus `bias`. */
export interface Heads {
  readonly weights: Float32Array;
  readonly bias: readonly [number, number];
}

function decode(encoder: Uint8Array) {
  const model = onnxProto.onnx.ModelProto.decode(encoder);
  const outputs = (model.graph?.output ?? []).flatMap(({ name }) => name ?? []);
  const tokens = TOKEN_OUTPUTS.find((name) => outputs.includes(name)) ?? outputs[0];
  const opset = model.opsetImport.find(({ domain }) => !domain)?.version ?? 1;
  if (tokens === undefined) throw new EncoderError('the encoder has no output');
  if (Number(opset) < LEAST_OPSET) {
    throw new EncoderError(`the encoder is of operator set ${opset}: export it with ${LEAST_OPSET} or later`);
  }
  return { model, tokens };
}

/** Mean of the vectors of the tokens that the mask lets through: [batch, features]. */
function addPooling(graph: OnnxGraph, tokens: string): string {
  const mask = graph.cast('attention_mask', 'float');
  const column = graph.node('Reshape', [mask, graph.longs('shape', [0, -1, 1])]);
  const turned = graph.node('Transpose', [graph.node('Mul', [tokens, column])], { perm: [0, 2, 1] });
  const row = graph.node('Reshape', [mask, graph.longs('shape', [0, 1, -1])]);
  const mean = graph.node('Div', [
    graph.node('GlobalAveragePool', [turned]),
    graph.node('GlobalAveragePool', [row]),
  ]);
  return graph.node('Reshape', [mean, graph.longs('shape', [0, -1])]);
}

/** Two log odds [batch, 2] to log-probabilities of the three tiers; the heads are kept in order. */
function addTiers(graph: OnnxGraph, odds: string): string {
  const enough = graph.node('Sigmoid', [odds]);
  const column = (at: number): string =>
    graph.node('Gather', [enough, graph.longs('head', [at])], { axis: 1 });
  const simple = column(0);
  const moderate = graph.node('Max', [simple, column(1)]);
  const certain = graph.floats('certain', [1, 1], [1]);
  const tiers = [simple, graph.node('Sub', [moderate, simple]), graph.node('Sub', [certain, moderate])];
  const least = graph.floats('least', [1, 1], [1e-4]);
  const lifted = graph.node('Max', [graph.node('Concat', tiers, { axis: 1 }), least]);
  const total = graph.node('MatMul', [lifted, graph.floats('ones', [3, 1], [1, 1, 1])]);
  return graph.node('Log', [graph.node('Div', [lifted, total])]);
}

/** The encoder with the one output `features` [batch, features]. Throws EncoderError. */
export function pooledEncoder(encoder: Uint8Array): Uint8Array {
  const { model, tokens } = decode(encoder);
  const graph = new OnnxGraph('router/');
  graph.rename(addPooling(graph, tokens), 'features');
  return graph.encodeOnto(model, { features: undefined });
}

/** The encoder with the one output `logits` [batch, 3], in the order of the tiers. Throws EncoderError. */
export function classifyingEncoder(encoder: Uint8Array, { weights, bias }: Heads): Uint8Array {
  const { model, tokens } = decode(encoder);
  const graph = new OnnxGraph('router/');
  const pooled = addPooling(graph, tokens);
  const matrix = graph.floats('weights', [weights.length / 2, 2], weights);
  const odds = graph.node('Add', [
    graph.node('MatMul', [pooled, matrix]),
    graph.floats('bias', [1, 2], bias),
  ]);
  graph.rename(addTiers(graph, odds), 'logits');
  return graph.encodeOnto(model, { logits: 3 });
}
