/**
 * Chooses the doubtful band and the operating point of a bundle on rows it was not trained on.
 *
 *     npm run calibrate -- --data FILE [--share 0.3] [--risk 0.05] [--held-out] [--model DIR]
 *
 * `--share`: the band in which the judge is asked holds this share of the requests. `--risk`: the cheapest operating
 * point, the lowest P(simple) from which the share of complex requests answered by the simple tier stays under the risk
 * with 95 % confidence. With both the gate doubts what lies below either; with neither the share is 0.3.
 */
import { Command } from 'commander';
import { CalibrationError, calibrate } from '../src/training/calibrate.ts';
import { isHeldOut, readExamples } from '../src/training/examples.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const command = new Command('calibrate')
  .description('Choose the thresholds of a bundle')
  .requiredOption('--data <file>', 'labelled rows never trained on; repeatable', collect, [])
  .option('--share <share>', 'share of requests the judge may be asked', Number)
  .option('--risk <share>', 'share of complex requests the simple tier may answer', Number)
  .option('--held-out', 'only the fifth of the rows that training never sees', false)
  .option('--model <path>', 'bundle, or folder of bundles', process.env.ROUTER_MODEL ?? 'models')
  .parse();
const { data, share, risk, heldOut, model } = command.opts<{
  data: readonly string[];
  share?: number;
  risk?: number;
  heldOut: boolean;
  model: string;
}>();

const rows = data
  .flatMap((file) => readExamples(file, file))
  .filter(({ tier, id }) => tier !== undefined && (!heldOut || isHeldOut(id)));
if (rows.length === 0) throw new Error('no labelled rows');

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
try {
  const { thresholds, doubtful, accuracyWhenSure, simpleKept } = await calibrate({
    model,
    rows,
    share: share ?? (risk === undefined ? 0.3 : 0),
    ...(risk === undefined ? {} : { risk }),
  });
  const { doubtBelow, simpleFrom } = thresholds;
  const bounds = `doubt below ${doubtBelow}${simpleFrom === undefined ? '' : `, and simple below ${simpleFrom}`}`;
  const says = `${percent(doubtful)} of ${rows.length} rows; sure ones are right in ${percent(accuracyWhenSure)}`;
  process.stdout.write(`${bounds}: ${says}\n`);
  if (risk !== undefined) {
    const kept = `keeps ${percent(simpleKept ?? 0)} of the simple rows`;
    process.stdout.write(
      `complex at the simple tier: under ${percent(risk)} with 95 % confidence; ${kept}\n`,
    );
  }
} catch (error) {
  if (!(error instanceof CalibrationError)) throw error;
  process.stderr.write(`${error.message} The bundle stays as it is.\n`);
  process.exit(1);
}
