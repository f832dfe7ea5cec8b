/** Finds and reads a feature-extraction model in the Hugging Face layout: a local folder, or a download from the hub. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { hashBytes } from '../classifiers/bundle.ts';
import { createTokenizer, type TextTokenizer } from '../classifiers/tokenizer.ts';
import { json, type TokenizerFiles } from './bundle-writer.ts';
import { MAX_TOKENS } from './fit.ts';

/** Where the graph may lie, the first one found is taken. */
const MODEL_FILES = ['onnx/model.onnx', 'onnx/model_quantized.onnx', 'model.onnx'] as const;

const LAYOUT = 'config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx';

const configSchema = z.looseObject({ max_position_embeddings: z.number().int().positive().optional() });
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().positive().optional() });
const tokenizerSchema = z.looseObject({ model: z.looseObject({ vocab: z.unknown() }) });

export interface Encoder {
  /** As the user named it. */
  readonly name: string;
  readonly model: Uint8Array;
  readonly sha256: string;
  readonly tokenizer: TextTokenizer;
  readonly files: TokenizerFiles;
}

/** An encoder that cannot be used; the message says which file and what to do. */
export class EncoderError extends Error {}

function read<T>(folder: string, file: string, schema: z.ZodType<T>): T {
  const path = join(folder, file);
  if (!existsSync(path)) throw new EncoderError(`${path} is missing: an encoder's folder holds ${LAYOUT}`);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw new EncoderError(`${path} is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new EncoderError(`${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function sizeOf(vocab: unknown): number {
  return Array.isArray(vocab) ? vocab.length : Object.keys(Object(vocab)).length;
}

/** Reads the folder of an encoder. Throws EncoderError. */
export async function readEncoder(folder: string, name = folder): Promise<Encoder> {
  const config = read(folder, 'config.json', configSchema);
  const tokenizer = read(folder, 'tokenizer.json', tokenizerSchema);
  const tokenizerConfig = read(folder, 'tokenizer_config.json', tokenizerConfigSchema);
  const file = MODEL_FILES.find((each) => existsSync(join(folder, each)));
  if (!file) throw new EncoderError(`${folder} holds no ${MODEL_FILES.join(', ')}: an encoder needs one`);
  if (existsSync(join(folder, `${file}_data`))) {
    throw new EncoderError(`${join(folder, file)} keeps its weights in a second file: use a smaller encoder`);
  }
  const maxTokens = Math.min(
    MAX_TOKENS,
    config.max_position_embeddings ?? MAX_TOKENS,
    tokenizerConfig.model_max_length ?? MAX_TOKENS,
  );
  const served = { ...tokenizerConfig, model_max_length: maxTokens };
  const model = readFileSync(join(folder, file));
  return {
    name,
    model,
    sha256: hashBytes(model),
    tokenizer: await createTokenizer({ tokenizer, tokenizerConfig: served, maxTokens }),
    files: {
      tokenizer: readFileSync(join(folder, 'tokenizer.json')),
      config: json(served),
      size: sizeOf(tokenizer.model.vocab),
      maxTokens,
    },
  };
}

export interface HubOptions {
  /** Downloads are kept below it, by the name of the model. */
  readonly cache: string;
  /** Another hub than huggingface.co. */
  readonly host?: string;
}

/** Downloads an encoder of the hub, unless it is kept already, and gives its folder. Throws EncoderError. */
async function download(name: string, { cache, host }: HubOptions): Promise<string> {
  const folder = join(cache, name);
  if (MODEL_FILES.some((file) => existsSync(join(folder, file)))) return folder;
  const { AutoModel, AutoTokenizer, env } = await import('@xenova/transformers');
  const before = { ...env };
  mkdirSync(cache, { recursive: true });
  Object.assign(env, { allowRemoteModels: true, allowLocalModels: false, useFSCache: true, cacheDir: cache });
  if (host !== undefined) env.remoteHost = host;
  try {
    await AutoTokenizer.from_pretrained(name);
    const model = await AutoModel.from_pretrained(name, { dtype: 'fp32', device: 'cpu' });
    await model.dispose();
    return folder;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new EncoderError(
      `The encoder ${name} is no folder here, and the hub did not give it (${cause}). Name a folder that holds ${LAYOUT}; \
on a machine with network "hf download ${name} --local-dir DIR" makes one.`,
    );
  } finally {
    Object.assign(env, before);
  }
}

/** The encoder of a folder, or, where `name` is no folder, of the hub. Throws EncoderError that says what to do. */
export async function openEncoder(name: string, hub: HubOptions): Promise<Encoder> {
  if (existsSync(name)) {
    if (!statSync(name).isDirectory()) throw new EncoderError(`${name} is a file: name its folder`);
    return readEncoder(name);
  }
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    throw new EncoderError(
      `${name} is neither a folder nor the name of a hub model, like Xenova/all-MiniLM-L6-v2`,
    );
  }
  return readEncoder(await download(name, hub), name);
}
