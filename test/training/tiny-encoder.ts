/** A feature-extraction model in the Hugging Face layout, small enough to be made in a moment: embedding and one layer. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { createRandom } from '../../src/training/random.ts';

const WIDTH = 24;
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const [FLOAT, INT64] = [1, 7];

/** `tokenizer.json` of a lower-casing Bert whose vocabulary is the words of the texts. */
function tokenizerOf(texts: readonly string[]): Record<string, unknown> {
  const words = new Set(
    texts.flatMap((text) => text.toLowerCase().match(/\p{L}+|\p{N}+|[^\s\p{L}\p{N}]/gu) ?? []),
  );
  const vocab = Object.fromEntries([...SPECIAL, ...[...words].sort()].map((token, id) => [token, id]));
  const single = [
    { SpecialToken: { id: '[CLS]', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '[SEP]', type_id: 0 } },
  ];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: single,
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/** tanh((embedding of ids + embedding of types) * matrix), of an operator set and format of years ago. */
function encoderModel(vocabulary: number): Uint8Array {
  const random = createRandom(7);
  const matrix = (name: string, rows: number) => ({
    name,
    dims: [rows, WIDTH],
    dataType: FLOAT,
    floatData: Array.from({ length: rows * WIDTH }, () => Math.fround(random.normal() / 2)),
  });
  const node = (opType: string, input: string[], output: string) => ({ opType, input, output: [output] });
  const info = (name: string, elemType: number, ...last: { dimValue: number }[]) => ({
    name,
    type: {
      tensorType: { elemType, shape: { dim: [{ dimParam: 'batch' }, { dimParam: 'tokens' }, ...last] } },
    },
  });
  return onnxProto.onnx.ModelProto.encode({
    irVersion: 6,
    opsetImport: [{ domain: '', version: 11 }],
    graph: {
      name: 'tiny',
      node: [
        node('Gather', ['words', 'input_ids'], 'word_rows'),
        node('Gather', ['types', 'token_type_ids'], 'type_rows'),
        node('Add', ['word_rows', 'type_rows'], 'rows'),
        node('MatMul', ['rows', 'layer'], 'mixed'),
        node('Tanh', ['mixed'], 'last_hidden_state'),
      ],
      initializer: [matrix('words', vocabulary), matrix('types', 2), matrix('layer', WIDTH)],
      input: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => info(name, INT64)),
      output: [info('last_hidden_state', FLOAT, { dimValue: WIDTH })],
    },
  }).finish();
}

/** Writes the encoder for the words of `texts` into a new folder and returns it. */
export function tinyEncoder(texts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
  const tokenizer = tokenizerOf(texts);
  const { vocab } = Object(tokenizer.model);
  mkdirSync(join(folder, 'onnx'));
  const files: Readonly<Record<string, unknown>> = {
    'config.json': { model_type: 'bert', architectures: ['BertModel'], max_position_embeddings: 128 },
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': {
      tokenizer_class: 'BertTokenizer',
      model_max_length: 512,
      pad_token: '[PAD]',
      unk_token: '[UNK]',
      cls_token: '[CLS]',
      sep_token: '[SEP]',
    },
  };
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), JSON.stringify(value));
  writeFileSync(join(folder, 'onnx', 'model.onnx'), encoderModel(Object.keys(vocab).length));
  return folder;
}
