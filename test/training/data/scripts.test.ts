import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { textHash } from '../../../src/training/data/read.ts';
import { lines } from './rows.ts';

const ROOT = join(import.meta.dirname, '../../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'));
});

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Runs `scripts/<name>.ts` as a user would. */
function run(name: string, args: readonly string[], input = '') {
  const script = join(ROOT, 'scripts', `${name}.ts`);
  const { ROUTER_DATA_DIR: _, ...env } = process.env;
  const done = spawnSync(process.execPath, ['--import', 'tsx', script, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    input,
    env,
  });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

describe('the command lines', () => {
  it('data:check exits by what it finds', () => {
    const clean = file('clean.jsonl', lines({ prompt: 'how far is the moon' }));
    const double = file(
      'double.jsonl',
      lines({ prompt: 'how far is the moon' }, { prompt: 'How far is the moon?' }),
    );
    expect(run('data-check', [clean])).toMatchObject({ status: 0, out: expect.stringMatching(/clean\n$/) });
    expect(run('data-check', [double])).toMatchObject({
      status: 1,
      out: expect.stringContaining('same request as'),
    });
    expect(run('data-check', [clean, '--against', double])).toMatchObject({ status: 1 });
    expect(run('data-check', [join(folder, 'none')])).toMatchObject({
      status: 2,
      err: expect.stringContaining('none'),
    });
  });

  it('data:import writes the good rows redacted, and exits 1 for the bad ones', () => {
    const log = file('log.jsonl', `${lines({ prompt: 'mail eva.lind@skylt.se' })}oops\n`);
    const out = join(folder, 'out.jsonl');
    const done = run('data-import', [log, out]);
    expect(done).toMatchObject({
      status: 1,
      err: `${log}:2: not JSON\n`,
      out: expect.stringContaining('1 redacted'),
    });
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ prompt: 'mail [email]' });
    expect(run('data-import', ['--no-redact', log, out]).status).toBe(1);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ prompt: 'mail eva.lind@skylt.se' });
  });

  it('data:split divides the lines as they are', () => {
    const rows = Array.from({ length: 60 }, (_, at) => ({ prompt: `row ${at}`, tier: 'simple', extra: at }));
    const all = file('all.jsonl', lines(...rows));
    expect(run('data-split', [all, '--out', folder, '--test', '0.3']).status).toBe(0);
    const [train, test] = ['train', 'test'].map((name) =>
      readFileSync(join(folder, `${name}.jsonl`), 'utf8').split('\n'),
    );
    expect(test?.length).toBeGreaterThan(5);
    expect([...(train ?? []), ...(test ?? [])].filter(Boolean).sort()).toEqual(
      readFileSync(all, 'utf8').trim().split('\n').sort(),
    );
    expect(run('data-split', [all, '--out', folder, '--test', '20']).status).not.toBe(0);
  });

  it('data:label takes a person at the terminal, and goes on another time', () => {
    const rows = file('rows.jsonl', lines({ prompt: 'a' }, { prompt: 'b' }));
    const out = join(folder, 'out.jsonl');
    expect(run('data-label', [rows, out, '--person', 'eva'], 's\nq\n')).toMatchObject({ status: 0 });
    expect(run('data-label', [rows, out, '--person', 'eva'], 'c\n').out).toContain('1 to label, 1 in');
    const labels = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(labels.map(({ prompt, tier, label }) => [prompt, tier, label.by])).toEqual([
      ['a', 'simple', 'eva'],
      ['b', 'complex', 'eva'],
    ]);
  });

  it('data:fetch joins the texts of a folder, and exits 1 where one is missing', () => {
    const label = (id: string, prompt: string) => ({
      id,
      source: 'set',
      tier: 'simple',
      certain: true,
      split: 'train',
      sha256: textHash({ prompt, messages: undefined }),
    });
    const source = {
      name: 'set',
      repository: 'a/b',
      revision: 'abcdef1',
      licence: 'MIT',
      attribution: 'A',
      files: [],
      note: 'no',
    };
    file('manifest.json', JSON.stringify({ base_url: 'https://x.test', sources: [source] }));
    file('labels.jsonl', lines(label('1', 'one'), label('2', 'two')));
    file('tiers-public.jsonl', lines({ id: '1', prompt: 'one' }));
    const out = join(folder, 'out');
    const done = run('data-fetch', ['--from', folder, '--public', folder, '--out', out]);
    expect(done).toMatchObject({ status: 1, out: expect.stringContaining('1 of 2 rows') });
    expect(JSON.parse(readFileSync(join(out, 'tiers-public.jsonl'), 'utf8'))).toMatchObject({
      id: '1',
      prompt: 'one',
      tier: 'simple',
    });
  });
});
