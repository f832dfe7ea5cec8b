/** The data every training starts from: what is committed, and the public rows where a folder has them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLabels } from './data/labels.ts';
import { type Example, isFrozen, isHeldOut, readExamples } from './examples.ts';
import type { FitInput } from './fit.ts';
import { readLexicon } from './lexicon.ts';
import { readOutcomeModels, readOutcomes, sampleBySource } from './outcomes.ts';
import { readPretrained } from './pretrain.ts';

/** Rows taken from each outcome table: more of them only cost time. */
const OUTCOME_ROWS = 1_000;
/** The rows we wrote have more complex work than traffic has; see the README's experiments. */
const AUTHORED_WEIGHT = 0.5;

export interface BaseDataOptions {
  /** Folder of committed training data. */
  readonly data: string;
  /** Folder with `tiers-public.jsonl`, `tier-dev.jsonl` and `outcomes/`; absent: only what is committed. */
  readonly from?: string | undefined;
}

export interface BaseData {
  readonly input: FitInput;
  readonly lexiconPath: string;
  /** Split name to rows no training ever sees: held-out public rows, development rows, a frozen tenth of ours. */
  readonly tests: Readonly<Record<'heldOut' | 'dev' | 'frozen', readonly Example[]>>;
}

/** Rows with the auxiliary attributes that our labels give them by id. */
function withAttributes(rows: readonly Example[], labelsPath: string): Example[] {
  if (!existsSync(labelsPath)) return [...rows];
  const { labels } = parseLabels(readFileSync(labelsPath, 'utf8'), labelsPath);
  const known = new Map(labels.map(({ id, attributes }) => [id, attributes]));
  return rows.map((row) => {
    const found = known.get(row.id);
    if (!found || row.attributes) return row;
    return { ...row, attributes: [found.steps, found.hold, found.depth, found.length] as const };
  });
}

/** Reads everything. Throws RowError on a bad row; missing public files only mean fewer rows. */
export function readBaseData({ data, from }: BaseDataOptions): BaseData {
  const shared = (file: string): Example[] =>
    from !== undefined && existsSync(join(from, file)) ? readExamples(join(from, file), file) : [];
  const labelled = withAttributes(shared('tiers-public.jsonl'), join(data, 'public', 'labels.jsonl'));
  const authored = readExamples(join(data, 'authored'), 'authored');
  const outcomes = from === undefined ? [] : readOutcomes(join(from, 'outcomes'));
  const lexiconPath = join(data, 'lexicon.tsv');
  return {
    input: {
      examples: [
        ...labelled.filter((row) => !isHeldOut(row.id)),
        ...authored.filter((row) => !isFrozen(row.group)),
      ],
      outcomes: sampleBySource(outcomes, OUTCOME_ROWS),
      outcomeModels: readOutcomeModels(join(data, 'outcome-models.json')),
      weightOf: ({ source }) => (source.startsWith('authored') ? AUTHORED_WEIGHT : 1),
      pretrained: readPretrained(join(data, 'pretrained')),
      lexicon: readLexicon(lexiconPath),
    },
    lexiconPath,
    tests: {
      heldOut: labelled.filter((row) => isHeldOut(row.id)),
      dev: shared('tier-dev.jsonl'),
      frozen: authored.filter((row) => isFrozen(row.group)),
    },
  };
}
