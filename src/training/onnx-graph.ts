/** A small builder of ONNX graphs over onnx-proto: constants and nodes in, the bytes of a model file out. */
import onnxProto, { type onnx } from 'onnx-proto';

/** Element types of TensorProto.DataType that our graphs use. */
const FLOAT = 1;
const INT16 = 5;
const INT32 = 6;
const INT64 = 7;
const FLOAT16 = 10;

export type ElementType = 'float' | 'float16' | 'int16' | 'int64' | 'bool';
const CODES: Readonly<Record<ElementType, number>> = {
  float: FLOAT,
  int16: INT16,
  int64: INT64,
  bool: 9,
  float16: FLOAT16,
};

export type Attribute =
  | number
  | readonly number[]
  | string
  | readonly string[]
  | { readonly float: number }
  | { readonly floats: readonly number[] };

const halfBuffer = new DataView(new ArrayBuffer(4));

/** IEEE 754 binary16 of a number, rounded to nearest even. */
export function halfBits(value: number): number {
  halfBuffer.setFloat32(0, value);
  const bits = halfBuffer.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const exponent = (bits >>> 23) & 0xff;
  const mantissa = bits & 0x7fffff;
  if (exponent >= 143) return sign | 0x7c00;
  if (exponent < 103) return sign;
  const shift = exponent < 113 ? 126 - exponent : 13;
  const full = exponent < 113 ? mantissa | 0x800000 : mantissa;
  const base = exponent < 113 ? 0 : (exponent - 112) << 10;
  const rest = full & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const kept = base + (full >>> shift);
  return sign | (rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept);
}

function attribute(name: string, value: Attribute): onnx.IAttributeProto {
  const types = onnxProto.onnx.AttributeProto.AttributeType;
  if (typeof value === 'number') return { name, type: types.INT, i: value };
  if (typeof value === 'string') return { name, type: types.STRING, s: Buffer.from(value) };
  if ('float' in value) return { name, type: types.FLOAT, f: value.float };
  if ('floats' in value) return { name, type: types.FLOATS, floats: [...value.floats] };
  if (typeof value[0] === 'string')
    return { name, type: types.STRINGS, strings: value.map((text) => Buffer.from(String(text))) };
  return { name, type: types.INTS, ints: value.map(Number) };
}

function bytesOf(data: Int16Array | Int32Array | Uint16Array | BigInt64Array | Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** From this version of the format on, an initializer need not be an input too. */
const FREE_INITIALIZERS = 4;

function value(
  label: string,
  elemType: number,
  shape: onnx.TensorShapeProto.IDimension[],
): onnx.IValueInfoProto {
  return { name: label, type: { tensorType: { elemType, shape: { dim: shape } } } };
}

/** Float outputs [batch, columns]. */
function rows(outputs: Readonly<Record<string, number | undefined>>): onnx.IValueInfoProto[] {
  return Object.entries(outputs).map(([label, columns]) =>
    value(label, FLOAT, [
      { dimParam: 'batch' },
      columns === undefined ? { dimParam: 'columns' } : { dimValue: columns },
    ]),
  );
}

export class OnnxGraph {
  private readonly nodes: onnx.INodeProto[] = [];
  private readonly initializers: onnx.ITensorProto[] = [];
  private counter = 0;

  /** `prefix`: before every name, to keep apart from a graph that this one is put onto. */
  constructor(private readonly prefix = '') {}

  private fresh(hint: string): string {
    return `${this.prefix}${hint}_${this.counter++}`;
  }

  private tensor(hint: string, dims: readonly number[], dataType: number, rawData: Uint8Array): string {
    const name = this.fresh(hint);
    this.initializers.push({ name, dims: [...dims], dataType, rawData });
    return name;
  }

  floats(hint: string, dims: readonly number[], values: ArrayLike<number>): string {
    return this.tensor(hint, dims, FLOAT, bytesOf(Float32Array.from(values)));
  }

  /** Stored with 11 bits of precision; cast before use. */
  halves(hint: string, dims: readonly number[], values: ArrayLike<number>): string {
    return this.tensor(hint, dims, FLOAT16, bytesOf(Uint16Array.from(values, halfBits)));
  }

  shorts(hint: string, dims: readonly number[], values: Int16Array): string {
    return this.tensor(hint, dims, INT16, bytesOf(values));
  }

  ints(hint: string, values: Int32Array): string {
    return this.tensor(hint, [values.length], INT32, bytesOf(values));
  }

  longs(hint: string, values: readonly number[]): string {
    return this.tensor(hint, [values.length], INT64, bytesOf(BigInt64Array.from(values, BigInt)));
  }

  /** A number without dimensions. */
  long(value: number): string {
    return this.tensor('long', [], INT64, bytesOf(BigInt64Array.of(BigInt(value))));
  }

  /** Adds a node and names its output. */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
  ): string {
    const output = this.fresh(op.toLowerCase());
    this.nodes.push({
      opType: op,
      domain,
      input: [...inputs],
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  cast(input: string, to: ElementType): string {
    return this.node('Cast', [input], { to: CODES[to] });
  }

  /** Gives an internal value the name of a graph output. */
  rename(input: string, name: string): void {
    this.nodes.push({ opType: 'Identity', input: [input], output: [name] });
  }

  /** The model file. Inputs are int64 [batch, tokens], outputs float [batch, columns]. */
  encode(name: string, inputs: readonly string[], outputs: Readonly<Record<string, number>>): Uint8Array {
    return onnxProto.onnx.ModelProto.encode({
      irVersion: 8,
      producerName: 'llm-router',
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'ai.onnx.ml', version: 3 },
      ],
      graph: {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: inputs.map((label) => value(label, INT64, [{ dimParam: 'batch' }, { dimParam: 'tokens' }])),
        output: rows(outputs),
      },
    }).finish();
  }

  /**
   * The model with this graph behind it; `outputs`, with their columns where known, take the place of its own.
   */
  encodeOnto(model: onnx.IModelProto, outputs: Readonly<Record<string, number | undefined>>): Uint8Array {
    const { graph } = model;
    return onnxProto.onnx.ModelProto.encode({
      ...model,
      irVersion: Math.max(Number(model.irVersion ?? 0), FREE_INITIALIZERS),
      graph: {
        ...graph,
        node: [...(graph?.node ?? []), ...this.nodes],
        initializer: [...(graph?.initializer ?? []), ...this.initializers],
        output: rows(outputs),
      },
    }).finish();
  }
}
