/**
 * Lists the classifier bundles, the current one marked, with what was measured of each.
 *
 *     npm run models [-- --models DIR] [--json]
 */
import { Command } from 'commander';
import { listBundles } from '../src/training/bundles.ts';
import { bundlesTable } from '../src/training/bundles-table.ts';

const options = new Command('models')
  .description('List the classifier bundles')
  .option('--models <dir>', 'folder of bundles', 'models')
  .option('--json', 'print JSON', false)
  .parse()
  .opts<{ models: string; json: boolean }>();

const entries = listBundles(options.models);
process.stdout.write(
  options.json
    ? `${JSON.stringify(
        entries.map(({ manifest, ...entry }) => ({ ...entry, metrics: manifest?.metrics ?? {} })),
        null,
        2,
      )}\n`
    : bundlesTable(entries),
);
