/**
 * Makes a bundle the serving one; a running server takes it over without losing a request.
 *
 *     npm run promote -- ID [--models DIR]
 *
 * Exits with 1, moving nothing, where there is no such bundle or it cannot be served.
 */
import { Command } from 'commander';
import { BundlesError, promote } from '../src/training/bundles.ts';

const command = new Command('promote')
  .description('Make a bundle the serving one')
  .argument('<id>', 'id of the bundle, as `npm run models` lists it')
  .option('--models <dir>', 'folder of bundles', 'models')
  .parse();

try {
  const { models } = command.opts<{ models: string }>();
  const { id, previous } = await promote(models, command.args[0] ?? '', new Date());
  process.stdout.write(`${id} serves from now on${previous ? `, instead of ${previous}` : ''}.\n`);
} catch (error) {
  if (!(error instanceof BundlesError)) throw error;
  process.stderr.write(`${error.message}\nNothing was changed.\n`);
  process.exitCode = 1;
}
