/** Reads labelled rows, outcome tables and bare prompts of every source into one kind of example. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Tier, tierRank } from '../core/tier.ts';
import { factsText, type PlainMessage } from '../routing/features.ts';
import { type Row, rowSchema } from './row-schema.ts';

export { type Row, rowSchema };

/** A request with what is known of it. */
export interface Example {
  /** First 12 hex digits of the SHA-1 of the prompt, or the row's own id. */
  readonly id: string;
  readonly source: string;
  /** Rows of one group never stand on both sides of a split. */
  readonly group: string;
  /** As the classifier reads it. */
  readonly text: string;
  /** What a person would call the prompt: the last user turn. */
  readonly prompt: string;
  readonly messages: readonly PlainMessage[];
  /** Prompt length as the server estimated it, tokens; known of logged requests. */
  readonly inputTokens?: number;
  readonly facts?: Row['facts'];
  readonly tier?: Tier;
  readonly certain: boolean;
  readonly language: string;
  /** Dependent steps, things to hold, domain depth, asked-for length; each 0 to 4. */
  readonly attributes?: readonly [number, number, number, number];
  /** Is simple enough, is moderate enough: 1 yes, 0 no, NaN unknown. Goes before the tier. */
  readonly sufficient?: readonly [number, number];
  /** Was an answer of simple, moderate, complex good: 1 yes, 0 no, NaN not seen. */
  readonly seen?: readonly [number, number, number];
  /** How much the row counts, 1 unless given. */
  readonly weight?: number;
  /**
   * Chosen because a model was in doubt about it: it teaches, but no figure or calibration may count it, since such
   * rows are harder than traffic.
   */
  readonly selected?: boolean;
  /** Model to its success on this prompt, 0 to 1: a row of an outcome table. */
  readonly success?: Readonly<Record<string, number>>;
}

export class RowError extends Error {}

function sha(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** The text features of a row and of its variants. */
export function rowText(messages: readonly PlainMessage[], facts: Row['facts']): string {
  return factsText({
    messages,
    tools: facts?.tools ?? 0,
    images: facts?.images ?? 0,
    json: facts?.json ?? false,
    ...(facts?.max_tokens === undefined ? {} : { maxOutputTokens: facts.max_tokens }),
  });
}

function answersOf(sufficient: NonNullable<Row['sufficient']>): readonly [number, number] {
  const of = (tier: Tier): number => ({ yes: 1, no: 0, unknown: Number.NaN })[sufficient[tier] ?? 'unknown'];
  return [of('simple'), of('moderate')];
}

/** `source` stands in where the row names none. */
export function toExample(row: Row, source: string): Example {
  const messages: PlainMessage[] = row.messages ?? [{ role: 'user', content: row.prompt ?? '' }];
  const id = row.id ?? sha(row.prompt ?? JSON.stringify(row.messages)).slice(0, 12);
  const prompt = messages.findLast(({ role }) => role === 'user')?.content ?? messages.at(-1)?.content ?? '';
  const { attributes, success } = row;
  const outcomes = Object.entries(success ?? {}).filter(
    (entry): entry is [string, number] => entry[1] !== null,
  );
  const named = row.source ?? source;
  return {
    id,
    source: row.world === undefined ? named : `${named}/${row.world}`,
    group: row.conversation ?? row.session ?? row.pair ?? id,
    text: rowText(messages, row.facts),
    prompt,
    messages,
    ...(row.facts ? { facts: row.facts } : {}),
    ...(row.tier ? { tier: row.tier } : {}),
    certain: row.certain,
    language: row.language ?? 'en',
    ...(row.sufficient ? { sufficient: answersOf(row.sufficient) } : {}),
    ...(row.weight === undefined ? {} : { weight: row.weight }),
    ...(attributes
      ? { attributes: [attributes.steps, attributes.hold, attributes.depth, attributes.length] as const }
      : {}),
    ...(outcomes.length > 0 ? { success: Object.fromEntries(outcomes) } : {}),
  };
}

/** The example of one line of JSON. Throws RowError that names the field. */
export function parseExample(line: string, source: string): Example {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new RowError('not JSON');
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return toExample(parsed.data, source);
  const issue = parsed.error.issues[0];
  throw new RowError(`${issue?.path.join('.') || 'row'}: ${issue?.message ?? 'invalid'}`);
}

/** The examples of a JSON Lines text; blank lines are skipped. Throws RowError that names line and field. */
export function parseExamples(text: string, name: string, source: string): Example[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      return [parseExample(line, source)];
    } catch (error) {
      throw new RowError(`${name}:${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

/** Reads one file, or every `.jsonl` file of a folder in the order of their names. */
export function readExamples(path: string, source: string): Example[] {
  if (!statSync(path).isDirectory()) return parseExamples(readFileSync(path, 'utf8'), path, source);
  const files = readdirSync(path).filter((file) => file.endsWith('.jsonl'));
  return files.sort().flatMap((file) => readExamples(join(path, file), source));
}

/** True for the fifth of the public rows that no training ever sees: stable by id. */
export function isHeldOut(id: string): boolean {
  return Number.parseInt(sha(`held:${id}`).slice(0, 8), 16) % 5 === 0;
}

/** True for the tenth of our own rows that no training ever sees: stable by group. */
export function isFrozen(group: string): boolean {
  return Number.parseInt(sha(`frozen:${group}`).slice(0, 8), 16) % 10 === 0;
}

/** True for the half of an outcome table's rows on which routers are compared and no training is done: stable by id. */
export function isOutcomeTest(id: string): boolean {
  return Number.parseInt(sha(`outcome:${id}`).slice(0, 8), 16) % 2 === 0;
}

/** A stable fold, 0 to `folds` - 1, of a group. */
export function foldOf(group: string, folds: number): number {
  return Number.parseInt(sha(`fold:${group}`).slice(0, 8), 16) % folds;
}

/** What a label says of the two lower tiers: is `simple` enough, is `moderate` enough. */
export function sufficiencyOf(tier: Tier): readonly [number, number] {
  const rank = tierRank(tier);
  return [rank <= 0 ? 1 : 0, rank <= 1 ? 1 : 0];
}
