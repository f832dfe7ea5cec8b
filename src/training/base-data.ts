/** The data every training starts from: what is committed, and the public rows where a folder has them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Label, parseLabels } from './data/labels.ts';
import { type Example, isFrozen, isHeldOut, isOutcomeTest, RowError, readExamples } from './examples.ts';
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
  /**
   * Folder with `tiers-public.jsonl`, `prompts-unlabelled.jsonl`, `tier-dev.jsonl` and `outcomes/`; absent: only what
   * is committed.
   */
  readonly from?: string | undefined;
}

export interface BaseData {
  readonly input: FitInput;
  readonly lexiconPath: string;
  /** Split name to rows no training ever sees: held-out public rows, development rows, a frozen tenth of ours. */
  readonly tests: Readonly<Record<'heldOut' | 'dev' | 'frozen', readonly Example[]>>;
}

/** Our labels of public rows, by id. */
function readLabels(path: string): ReadonlyMap<string, Label> {
  if (!existsSync(path)) return new Map();
  const { labels, problems } = parseLabels(readFileSync(path, 'utf8'), path);
  const [first] = problems;
  if (first) throw new RowError(`${first.where}: ${first.says}`);
  return new Map(labels.map((label) => [label.id, label]));
}

function attributesOf({ attributes }: Label): Pick<Example, 'attributes'> {
  if (!attributes) return {};
  return { attributes: [attributes.steps, attributes.hold, attributes.depth, attributes.length] };
}

/** Rows with the auxiliary attributes that our labels give them. */
function withAttributes(rows: readonly Example[], labels: ReadonlyMap<string, Label>): Example[] {
  return rows.map((row) => {
    const label = labels.get(row.id);
    return label && !row.attributes ? { ...row, ...attributesOf(label) } : row;
  });
}

/** The prompts among the unlabelled ones that were labelled because a model was in doubt about them. */
function labelledOf(rows: readonly Example[], labels: ReadonlyMap<string, Label>): Example[] {
  return rows.flatMap((row) => {
    const label = labels.get(row.id);
    if (!label) return [];
    return [{ ...row, tier: label.tier, certain: label.certain, selected: true, ...attributesOf(label) }];
  });
}

/** The tables that routers are compared on (RouteLLM's) keep the half of the comparison to themselves. */
function mayTrainOn({ source, id }: Example): boolean {
  return !source.includes('routellm') || !isOutcomeTest(id);
}

/** Reads everything. Throws RowError on a bad row; missing public files only mean fewer rows. */
export function readBaseData({ data, from }: BaseDataOptions): BaseData {
  const shared = (file: string): Example[] =>
    from !== undefined && existsSync(join(from, file)) ? readExamples(join(from, file), file) : [];
  const labelled = withAttributes(
    shared('tiers-public.jsonl'),
    readLabels(join(data, 'public', 'labels.jsonl')),
  );
  const added = readLabels(join(data, 'public', 'added-labels.jsonl'));
  const chosen = added.size === 0 ? [] : labelledOf(shared('prompts-unlabelled.jsonl'), added);
  const authored = readExamples(join(data, 'authored'), 'authored');
  const outcomes = from === undefined ? [] : readOutcomes(join(from, 'outcomes')).filter(mayTrainOn);
  const lexiconPath = join(data, 'lexicon.tsv');
  return {
    input: {
      examples: [
        ...labelled.filter((row) => !isHeldOut(row.id)),
        ...chosen,
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
