/**
 * Prints the bound of a `confidence` validator for a wanted risk.
 *
 *     npm run calibrate:confidence -- --from FILE [--risk 0.1]
 *     npm run calibrate:confidence -- --store FILE --model ID [--days 30] [--risk 0.1]
 *
 * `--from`: JSON Lines of `{"mean_logprob": -0.21, "ok": true}`, one an answer of the weak model. `--store`: the router's
 * own log; a validator with `min_mean_logprob: -100` collects there what it needs and escalates nothing. Exits with 0
 * where a bound was found, 3 where the rows bear out none, 2 on a wrong call.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { z } from 'zod';
import type { Share } from '../src/core/interval.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import { chooseConfidenceBound, type RatedAnswer, ratedAnswers } from '../src/training/confidence-bound.ts';

const DAY_MS = 86_400_000;

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const rowSchema = z.object({ mean_logprob: z.number().max(0), ok: z.boolean() });

function rowsOfFile(file: string): RatedAnswer[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    try {
      const { mean_logprob: mean, ok } = rowSchema.parse(JSON.parse(line));
      return [{ mean, ok }];
    } catch {
      return fail(`${file}:${index + 1} must be {"mean_logprob": number of at most 0, "ok": true or false}`);
    }
  });
}

async function rowsOfStore(path: string, model: string, days: number): Promise<RatedAnswer[]> {
  const store = await openSqliteStore(path);
  try {
    const to = Date.now() + 1;
    const rows: RatedAnswer[] = [];
    for await (const stored of store.decisions({ from: to - days * DAY_MS, to }))
      rows.push(...ratedAnswers(stored, model));
    return rows;
  } finally {
    await store.close();
  }
}

const percent = (value: number | null): string => (value === null ? '-' : `${(value * 100).toFixed(1)} %`);
const within = ({ rate, low, high, count, of }: Share): string =>
  `${percent(rate)} (${count} of ${of}, 95 % interval ${percent(low)} to ${percent(high)})`;

const { from, store, model, days, risk } = new Command('calibrate:confidence')
  .description('Choose the bound of a confidence validator')
  .option('--from <file>', 'rated answers as JSON Lines')
  .option('--store <file>', 'the log of the router')
  .option('--model <id>', 'the model whose answers are judged, with --store')
  .option('--days <days>', 'how far back the log is read', Number, 30)
  .option('--risk <share>', 'share of the answers that pass which may be bad', Number, 0.1)
  .parse()
  .opts<{ from?: string; store?: string; model?: string; days: number; risk: number }>();
if (!(risk > 0 && risk < 1)) fail('--risk must be between 0 and 1.');
if ((from === undefined) === (store === undefined)) fail('Name either --from or --store.');
if (store !== undefined && model === undefined) fail('--store needs --model.');

const rows = from === undefined ? await rowsOfStore(store ?? '', model ?? '', days) : rowsOfFile(from);
const found = chooseConfidenceBound(rows, risk);
if (!found) {
  const bad = rows.filter(({ ok }) => !ok).length;
  process.stderr.write(
    `No bound: ${rows.length} rated answers, ${bad} of them bad, bear out no risk of ${percent(risk)}.\n`,
  );
  process.exit(3);
}
process.stdout.write(`min_mean_logprob: ${found.bound}
answers that pass: ${within(found.passed)}
bad among these:   ${within(found.bad)}
bad ones caught:   ${within(found.caught)}
`);
