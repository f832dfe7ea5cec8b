/** A tiny world in which training takes a second: the rows, a lexicon, pre-trained input and a bundle made of them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from '../../src/classifiers/bundle.ts';
import type { Tier } from '../../src/core/tier.ts';
import { pointTo } from '../../src/training/bundle-writer.ts';
import { type Example, parseExamples } from '../../src/training/examples.ts';
import { FIT_DEFAULTS, type FitInput, type FitOptions } from '../../src/training/fit.ts';
import { parseLexicon } from '../../src/training/lexicon.ts';
import { type Pretrained, pretrain } from '../../src/training/pretrain.ts';
import { train } from '../../src/training/train.ts';

const THINGS = [
  'invoice',
  'garden',
  'parser',
  'contract',
  'recipe',
  'turbine',
  'ledger',
  'poem',
  'router',
  'clinic',
];
const ASKS: Readonly<Record<Tier, readonly string[]>> = {
  simple: ['what colour is the', 'spell the word', 'list one part of the', 'yes or no: is there a'],
  moderate: [
    'explain step by step how to draft the',
    'compare two ways to write the',
    'write a function for the',
  ],
  complex: [
    'prove a tight bound and design a migration for the',
    'find the root cause over many services in the',
    'weigh conflicting evidence and audit the',
  ],
};

const LEXICON = `# term	digits
prove	99205000
root cause	79360020
design	45830000
compare	25301000
explain	24300000
spell	00000008
list	00100007
what	00000004
migration	56670030
`;

/** Rows as JSON Lines: every ask about every thing. */
export function tinyRows(): string {
  const rows = Object.entries(ASKS).flatMap(([tier, asks]) =>
    asks.flatMap((ask, a) =>
      THINGS.map((thing, t) => ({
        id: `${tier}-${a}-${t}`,
        source: 'tiny',
        world: `w${t % 4}`,
        tier,
        prompt: `${ask} ${thing}, case ${t}`,
        attributes: { steps: tier === 'complex' ? 4 : 0, hold: 1, depth: 2, length: 1 },
      })),
    ),
  );
  return rows.map((row) => JSON.stringify(row)).join('\n');
}

export function tinyExamples(): Example[] {
  return parseExamples(tinyRows(), 'tiny.jsonl', 'tiny');
}

export function tinyPretrained(folder = mkdtempSync(join(tmpdir(), 'pretrained-'))): Pretrained {
  const texts = tinyExamples().map(({ text }) => text);
  const terms = [...parseLexicon(LEXICON).keys()];
  return pretrain({ texts, terms, words: 500, pieces: 100, leastCount: 1, seed: 1 }, folder);
}

/** Few small trees: enough for the tiny world. */
export const TINY_FIT: FitOptions = {
  ...FIT_DEFAULTS,
  folds: 3,
  boost: { ...FIT_DEFAULTS.boost, trees: 12, rate: 0.3, leaves: 4, leastHessian: 1 },
};

/** What a tiny training starts from; the lexicon is written into `folder`. */
export function tinyInput(
  folder: string,
  examples: readonly Example[] = tinyExamples(),
): FitInput & { readonly lexiconPath: string } {
  const lexiconPath = join(folder, 'lexicon.tsv');
  writeFileSync(lexiconPath, LEXICON);
  return {
    examples,
    outcomes: parseExamples(
      '{"id":"o1","prompt":"spell the garden","success":{"small":1,"large":1}}',
      'o',
      'outcome',
    ),
    outcomeModels: { simple: ['small'], moderate: ['large'], complex: [] },
    pretrained: tinyPretrained(),
    lexicon: parseLexicon(LEXICON),
    lexiconPath,
  };
}

/** Trains a bundle `tiny` in a new folder; the same seed gives the same bytes. */
export async function tinyBundle(
  seed = 1,
  examples: readonly Example[] = tinyExamples(),
): Promise<{ models: string; folder: string; manifest: Manifest; pretrained: Pretrained }> {
  const models = mkdtempSync(join(tmpdir(), 'models-'));
  const input = tinyInput(models, examples);
  const manifest = await train({
    ...input,
    fit: { ...TINY_FIT, seed },
    id: 'tiny',
    models,
    codeVersion: 'test',
    tests: { same: examples },
    doubtShare: 0.3,
    risk: 0.1,
  });
  pointTo(models, 'tiny');
  return { models, folder: join(models, 'tiny'), manifest, pretrained: input.pretrained };
}
