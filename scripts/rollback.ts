/**
 * Goes back to the bundle that served before the current one; again, to the one before that.
 *
 *     npm run rollback [-- --models DIR]
 *
 * Exits with 1, moving nothing, where the history names none or it cannot be served.
 */
import { Command } from 'commander';
import { BundlesError, rollback } from '../src/training/bundles.ts';

const { models } = new Command('rollback')
  .description('Go back to the bundle that served before')
  .option('--models <dir>', 'folder of bundles', 'models')
  .parse()
  .opts<{ models: string }>();

try {
  const { id, previous } = await rollback(models, new Date());
  process.stdout.write(`Back to ${id}${previous ? ` from ${previous}` : ''}.\n`);
} catch (error) {
  if (!(error instanceof BundlesError)) throw error;
  process.stderr.write(`${error.message}\nNothing was changed.\n`);
  process.exitCode = 1;
}
