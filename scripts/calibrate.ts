/**
 * Chooses the doubtful band and the operating point of a bundle on rows it was not trained on.
 *
 *     npm run calibrate -- --data FILE [--share 0.3] [--risk 0.05] [--held-out] [--model DIR]
 *
 * The band is the share of requests the judge may be asked. The operating point is the lowest P(simple) from which
 * the share of complex requests answered by the simple tier stays under the risk with 95 % confidence.
 */
import { Command } from 'commander';
import { calibrate } from '../src/training/calibrate.ts';
import { isHeldOut, readExamples } from '../src/training/examples.ts';

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const command = new Command('calibrate')
  .description('Choose the thresholds of a bundle')
  .requiredOption('--data <file>', 'labelled rows never trained on; repeatable', collect, [])
  .option('--share <share>', 'share of requests the judge may be asked', Number, 0.3)
  .option('--risk <share>', 'share of complex requests the simple tier may answer', Number, 0.05)
  .option('--held-out', 'only the fifth of the rows that training never sees', false)
  .option('--model <path>', 'bundle, or folder of bundles', process.env.ROUTER_MODEL ?? 'models')
  .parse();
const { data, share, risk, heldOut, model } = command.opts<{
  data: readonly string[];
  share: number;
  risk: number;
  heldOut: boolean;
  model: string;
}>();

const rows = data
  .flatMap((file) => readExamples(file, file))
  .filter(({ tier, id }) => tier !== undefined && (!heldOut || isHeldOut(id)));
if (rows.length === 0) throw new Error('no labelled rows');
const { thresholds, doubtful, accuracyWhenSure, simpleKept } = await calibrate({ model, rows, share, risk });
const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const { doubtBelow, simpleFrom } = thresholds;
process.stdout.write(
  `doubt below ${doubtBelow}: ${percent(doubtful)} of ${rows.length} rows; sure ones are right in ${percent(accuracyWhenSure)}\n`,
);
process.stdout.write(
  simpleFrom === undefined
    ? `no bound on P(simple) can promise a risk under ${percent(risk)}: too few complex rows\n`
    : `simple from P(simple) ${simpleFrom}: risk under ${percent(risk)} with 95 % confidence, keeps ${percent(simpleKept ?? 0)} of the simple rows\n`,
);
