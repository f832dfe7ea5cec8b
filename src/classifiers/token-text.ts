/**
 * Texts kept as the token ids of a bundle: what a classifier reads of a request, and nothing that it does not read.
 *
 *     <|ids:0123456789ab|>2 871 16 3040
 *
 * The name is the beginning of the SHA-256 of the tokenizer, so that the ids are read by the very vocabulary that wrote
 * them. No request can spell such a line: `<|` never stands in a feature text but in reserved tokens.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashBytes, readBundle, resolveBundle } from './bundle.ts';
import { createWordPiece, type WordPiece } from './wordpiece.ts';

const KEPT = /^<\|ids:([0-9a-f]{12})\|>([\d ]*)$/;
const TOKENIZER = 'tokenizer.json';

function tokenizerName(folder: string): string {
  return hashBytes(readFileSync(join(folder, TOKENIZER))).slice(0, 12);
}

/** True for a text kept as token ids. */
export function isTokenText(kept: string): boolean {
  return KEPT.test(kept);
}

/**
 * Turns texts into the ids of the bundle at `path` (a bundle folder, or a folder with a `current` pointer). Throws
 * BundleError where the bundle does not load or its tokenizer is not of the kind our trainer writes.
 */
export function createTokenKeeper(path: string): (text: string) => string {
  const bundle = readBundle(path);
  const tokenizer = createWordPiece(bundle.tokenizer, bundle.maxTokens);
  if (!tokenizer) throw new Error(`${bundle.folder}/${TOKENIZER} is not of the kind whose ids can be kept`);
  const name = tokenizerName(bundle.folder);
  return (text) => `<|ids:${name}|>${tokenizer.encode(text).join(' ')}`;
}

/** The tokenizers below a folder of bundles, and of the folder itself, by name. Unreadable ones are left out. */
function tokenizersBelow(models: string): ReadonlyMap<string, WordPiece> {
  const below = existsSync(models) ? readdirSync(models).map((name) => join(models, name)) : [];
  const found = new Map<string, WordPiece>();
  for (const folder of [resolveBundle(models), ...below]) {
    const file = join(folder, TOKENIZER);
    if (!existsSync(file)) continue;
    const tokenizer = createWordPiece(JSON.parse(readFileSync(file, 'utf8')), 1);
    if (tokenizer) found.set(tokenizerName(folder), tokenizer);
  }
  return found;
}

/**
 * Reads kept texts back with the tokenizers of a folder of bundles. A text that was kept as words comes back as it is;
 * ids come back as a text that the same tokenizer turns into the same ids; undefined where their tokenizer is gone.
 */
export function createTokenReader(models: string): (kept: string) => string | undefined {
  let tokenizers: ReadonlyMap<string, WordPiece> | undefined;
  return (kept) => {
    const [, name, ids] = KEPT.exec(kept) ?? [];
    if (name === undefined || ids === undefined) return kept;
    tokenizers ??= tokenizersBelow(models);
    return tokenizers.get(name)?.decode(ids.split(' ').filter(Boolean).map(Number));
  };
}
