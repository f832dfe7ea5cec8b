/**
 * Agreement and kappa of the blind second labelling.
 *
 *     npm run data:agreement [-- training-data/second-labels.jsonl]
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { TIERS } from '../src/core/tier.ts';
import { agreementOf, secondLabelSchema } from '../src/training/data/agreement.ts';

const command = new Command('data-agreement')
  .description('How far the blind second labels agree with the first')
  .argument('[file]', 'second labels', 'training-data/second-labels.jsonl')
  .parse();
const [file = ''] = command.processedArgs as string[];
const rows = readFileSync(file, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => secondLabelSchema.parse(JSON.parse(line)));
const { agreement, kappa, kappaOf, confusion } = agreementOf(rows);
const lines = TIERS.map((tier) => {
  const counts = TIERS.map((second) => String(confusion[tier][second])).join(' | ');
  return `| ${tier} | ${counts} | ${kappaOf[tier].toFixed(3)} |`;
});
process.stdout.write(
  `${rows.length} rows, agreement ${(100 * agreement).toFixed(1)} %, kappa ${kappa.toFixed(3)}\n\n` +
    `| first \\ second | ${TIERS.join(' | ')} | kappa |\n|---|---|---|---|---|\n${lines.join('\n')}\n`,
);
