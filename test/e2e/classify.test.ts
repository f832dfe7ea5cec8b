import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..', '..');
const ROWS = [
  { prompt: 'hi' },
  { messages: [{ role: 'user', content: 'Prove that there are infinitely many primes of the form 4k+3' }] },
];

it.each([
  'npm run classify < "$1" > "$2"',
  'npm run --silent classify < "$1" > "$2"',
  'npm run -s classify < "$1" | cat > "$2"',
])('%s leaves one JSON object a line and nothing else', (command) => {
  const folder = mkdtempSync(join(tmpdir(), 'classify-'));
  const [input, output] = [join(folder, 'prompts.jsonl'), join(folder, 'tiers.jsonl')];
  writeFileSync(input, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
  execFileSync('sh', ['-c', command, 'sh', input, output], { cwd: ROOT, stdio: 'ignore' });
  const lines = readFileSync(output, 'utf8').trimEnd().split('\n');
  const answers = lines.map((line) => JSON.parse(line) as { tier: string; sufficient: { complex: number } });
  expect(answers.map(({ tier }) => tier)).toEqual(['simple', 'complex']);
  expect(answers.every(({ sufficient }) => sufficient.complex === 1)).toBe(true);
});
