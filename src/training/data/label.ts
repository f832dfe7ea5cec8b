/** Labels unlabelled rows: by a nano LLM with the judge's own instruction, or by a person. */
import { createHash } from 'node:crypto';
import { JUDGE_INSTRUCTION } from '../../classifiers/judge-instruction.ts';
import type { Judge } from '../../core/ports.ts';
import type { Tier } from '../../core/tier.ts';
import { rowText } from '../examples.ts';
import type { LabelFile } from './label-file.ts';
import { type DataRow, messagesOf } from './read.ts';

/** Version of the instruction the judge is given: first 12 hex digits of its SHA-256. */
export function instructionVersion(): string {
  return createHash('sha256').update(JUDGE_INSTRUCTION).digest('hex').slice(0, 12);
}

/** Rows without a label that do not stand in the file. Rows that have one are copied to it, once. */
export function unlabelled(rows: readonly DataRow[], file: LabelFile): DataRow[] {
  const waiting = new Map<string, DataRow>();
  for (const row of rows) {
    if (file.has(row.id)) continue;
    if (row.row.tier === undefined) waiting.set(row.id, row);
    else file.append({ ...row.row, id: row.id });
  }
  return [...waiting.values()];
}

export interface JudgeRun {
  readonly labelled: number;
  /** Rows the judge gave no label, by what it answered; they stay unlabelled. */
  readonly failed: Readonly<Record<string, number>>;
  /** True where so many rows in a row failed that the rest was not tried. */
  readonly gaveUp: boolean;
}

export interface JudgeOptions {
  readonly judge: Judge;
  readonly model: string;
  /** Rows judged at once. */
  readonly parallel: number;
  /** Failures in a row after which the run ends. */
  readonly patience: number;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onDone?: (done: number) => void;
}

/** Asks the judge for each row and appends its answer at once. Resumable: what is in the file is not asked again. */
export async function labelByJudge(
  rows: readonly DataRow[],
  file: LabelFile,
  options: JudgeOptions,
): Promise<JudgeRun> {
  const failed: Record<string, number> = {};
  const instruction = instructionVersion();
  let [labelled, done, failures] = [0, 0, 0];
  const queue = [...rows];
  const goesOn = (): boolean => failures < options.patience && !options.signal.aborted;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next && goesOn(); next = queue.shift()) {
      const text = rowText(messagesOf(next.row), next.row.facts);
      const answer = await options.judge.judge({ text }, options.signal);
      if (answer.status === 'answered' && answer.tier) {
        const { model } = options;
        const label = { by: 'judge', at: options.now().toISOString(), model, instruction };
        file.append({ ...next.row, id: next.id, tier: answer.tier }, label);
        labelled++;
        failures = 0;
      } else {
        failed[answer.status] = (failed[answer.status] ?? 0) + 1;
        failures++;
      }
      options.onDone?.(++done);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, options.parallel) }, work));
  return { labelled, failed, gaveUp: failures >= options.patience };
}

/** What a person sees and says. */
export interface Desk {
  show(text: string): void;
  /** The next line that is typed; undefined at the end of the input. */
  ask(question: string): Promise<string | undefined>;
}

export interface PersonRun {
  readonly labelled: number;
  readonly skipped: number;
}

const KEYS: Readonly<Record<string, Tier>> = { s: 'simple', m: 'moderate', c: 'complex' };
const HELP = 's simple · m moderate · c complex (add ? when torn: m?) · k skip · u undo · q quit';
const RULE = '─'.repeat(72);

function card({ row }: DataRow): string {
  const turns = messagesOf(row).map(({ role, content }) => `[${role}]\n${content}`);
  const facts = row.facts ? [`[facts] ${JSON.stringify(row.facts)}`] : [];
  return [RULE, ...turns, ...facts, RULE].join('\n');
}

/** Shows row after row to a person. Skipped rows come again the next time; undo takes back the last label. */
export async function labelByPerson(
  rows: readonly DataRow[],
  file: LabelFile,
  { desk, name, now }: { readonly desk: Desk; readonly name: string; readonly now: () => Date },
): Promise<PersonRun> {
  const skipped = new Set<string>();
  const labels: number[] = [];
  desk.show(HELP);
  let at = 0;
  while (at < rows.length) {
    const row = rows[at];
    if (!row) break;
    desk.show(card(row));
    const line = await desk.ask(`${at + 1}/${rows.length} s/m/c k u q > `);
    const answer = line?.trim().toLowerCase();
    if (answer === undefined || answer === 'q') break;
    const tier = KEYS[answer.replace('?', '')];
    if (tier) {
      const label = { by: name, at: now().toISOString() };
      file.append({ ...row.row, id: row.id, tier, certain: !answer.includes('?') }, label);
      labels.push(at);
      at++;
    } else if (answer === 'k') {
      skipped.add(row.id);
      at++;
    } else if (answer === 'u') {
      const undone = labels.pop();
      if (undone === undefined) desk.show('nothing to undo');
      else {
        file.undo();
        at = undone;
      }
    } else desk.show(HELP);
  }
  return { labelled: labels.length, skipped: [...skipped].filter((id) => !file.has(id)).length };
}
