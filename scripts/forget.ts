/**
 * Deletes what the store knows of a user, a session or one decision, and says how much it was.
 *
 *     npm run forget -- --user X | --session X | --decision X [--store FILE]
 *
 * May run beside the server. Copies of feedback that unfinished retrainings left below the models go as a whole. Bundles trained before keep what they learnt: they hold weights, not prompts. Exits with 1
 * where nothing was found, 2 on a wrong call.
 */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { loadConfig } from '../src/config/load.ts';
import { openSqliteStore } from '../src/store/sqlite.ts';
import { dropSnapshots } from '../src/training/snapshot.ts';

interface Options {
  readonly user?: string;
  readonly session?: string;
  readonly decision?: string;
  readonly store?: string;
  readonly models: string;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

const options = new Command('forget')
  .description('Delete what the store knows of a user, a session or a decision')
  .option('--user <id>', "the caller's own id of its end user")
  .option('--session <id>', 'the conversation')
  .option('--decision <id>', 'one decision')
  .option('--store <file>', 'SQLite store (default: as the server finds it)')
  .option('--models <dir>', 'folder of bundles, whose unfinished retrainings lose their copy', 'models')
  .parse()
  .opts<Options>();

const { user, session, decision } = options;
const selectors = [
  ...(user ? [{ user }] : []),
  ...(session ? [{ session }] : []),
  ...(decision ? [{ decision }] : []),
];
const [selector] = selectors;
if (!selector || selectors.length > 1) fail('Say what to forget: one of --user, --session, --decision.');
const path = options.store ?? loadConfig({ env: process.env }).store.path;
if (!existsSync(path)) fail(`There is no store at ${path}. Name one with --store or ROUTER_STORE.`);

const store = await openSqliteStore(path);
const { decisions, outcomes, feedback } = await store.forget(selector);
await store.close();
const [[kind, id] = ['', '']] = Object.entries(selector);
process.stdout.write(
  `${kind} ${id}: deleted ${decisions} decisions, ${outcomes} outcomes and ${feedback} feedback rows\n`,
);
const snapshots = dropSnapshots(options.models);
if (snapshots > 0)
  process.stdout.write(`and the feedback that ${snapshots} unfinished retrainings had read\n`);
if (decisions === 0) process.exitCode = 1;
