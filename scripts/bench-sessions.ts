/**
 * Replays a conversation of twenty turns with a growing prefix under the catalog's prices and says what it costs: pinned
 * to the strongest model, routed turn by turn, and routed with the caches in mind. Nothing is sent anywhere: the caches
 * of the providers are simulated, with the billing that providers state.
 *
 *     npm run bench:sessions [-- --tokens 40000 --further 2]
 */
import { Command } from 'commander';
import { loadConfig } from '../src/config/load.ts';
import { textTable } from '../src/training/data/table.ts';
import { LINEUPS, PATTERNS, replay, type Strategy } from './session-replay.ts';

const command = new Command('bench-sessions')
  .description('Compare what a conversation costs with and without sessions')
  .option('--tokens <n>', 'tokens of tools and system prompt', Number, 40_000)
  .option('--turn <n>', 'tokens that each turn adds besides the answer', Number, 1_500)
  .option('--answer <n>', 'tokens of an answer', Number, 400)
  .option('--gap <s>', 'seconds between turns', Number, 60)
  .option('--further <n>', 'sessions.further_turns', Number)
  .parse();
const options = command.opts<{
  tokens: number;
  turn: number;
  answer: number;
  gap: number;
  further?: number;
}>();

const config = loadConfig({
  env: { OPENAI_API_KEY: 'none', ANTHROPIC_API_KEY: 'none' },
  cwd: '/nonexistent',
});
const { ttl_s: ttlS, further_turns: configured, least_tokens: leastTokens } = config.sessions;
const further = options.further ?? configured;
const STRATEGIES: readonly Strategy[] = ['pinned', 'routed', 'sticky'];

const rows: (string | number)[][] = [];
for (const [lineup, ids] of Object.entries(LINEUPS)) {
  const models = ids.flatMap((id) => config.models.find((model) => model.id === id) ?? []);
  for (const [pattern, tiers] of Object.entries(PATTERNS)) {
    const results = await Promise.all(
      STRATEGIES.map((strategy) =>
        replay({ ...options, models, tiers, strategy, further, ttlMs: ttlS * 1_000, leastTokens }),
      ),
    );
    const [pinned, routed, sticky] = results;
    if (!pinned || !routed || !sticky) throw new Error('a strategy is missing');
    const saved = (of: number): string => `${((100 * (of - sticky.costUsd)) / of).toFixed(1)} %`;
    rows.push([
      lineup,
      pattern,
      ...results.map(({ costUsd }) => costUsd.toFixed(4)),
      saved(pinned.costUsd),
      saved(routed.costUsd),
      `${routed.switches} / ${sticky.switches}`,
      sticky.below,
    ]);
  }
}
const head = [
  'models',
  'turns',
  'pinned $',
  'routed $',
  'sticky $',
  'saves: pinned',
  'routed',
  'switches',
  'below',
];
process.stdout.write(
  `${options.tokens} tokens before the first turn, ${options.turn} a turn, answers of ${options.answer}, ${options.gap} s apart, further_turns ${further}\n\n${textTable(head, rows)}\n\n`,
);
process.stdout.write('switches: routed / sticky. below: turns answered by a lower tier than they ask for.\n');
