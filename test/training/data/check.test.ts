import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPaths, findSensitive, renderReport } from '../../../scripts/data-check.ts';
import { type CheckReport, checkRows } from '../../../src/training/data/check.ts';
import { type CheckConfig, checkConfigSchema } from '../../../src/training/data/check-config.ts';
import type { Evaluation } from '../../../src/training/data/contamination.ts';
import type { Label } from '../../../src/training/data/labels.ts';
import { parseRows, textHash } from '../../../src/training/data/read.ts';
import { lines } from './rows.ts';

const NOTHING: Evaluation = { rows: [], labels: [], problems: [] };
const LONG =
  'the invoice run of the third of May skipped every customer whose contract ends on a Sunday, why is that';

function check(
  files: Readonly<Record<string, string>>,
  { evaluation = NOTHING, ...config }: Partial<CheckConfig> & { evaluation?: Evaluation } = {},
): CheckReport {
  const parts = Object.entries(files).map(([file, text]) => parseRows(text, file, true));
  const read = {
    rows: parts.flatMap(({ rows }) => rows),
    problems: parts.flatMap(({ problems }) => problems),
  };
  return checkRows({
    read,
    config: { ...checkConfigSchema.parse({}), ...config },
    evaluation,
    findSensitive,
  });
}

function problemsOf(report: CheckReport, name: string): string[] {
  return (report.lines.find((line) => line.check === name)?.problems ?? []).map(
    ({ where, says }) => `${where}: ${says}`,
  );
}

function label(prompt: string, rest: Partial<Label>): Label {
  const sha256 = textHash({ prompt, messages: undefined });
  return { id: 'a1', source: 's', tier: 'simple', certain: true, split: 'train', sha256, ...rest };
}

describe('data:check', () => {
  it('is clean on distinct rows', () => {
    const report = check({
      'a.jsonl': lines(
        { prompt: 'which bin is for glass', tier: 'simple' },
        { prompt: LONG, tier: 'complex' },
      ),
    });
    expect(report.ok).toBe(true);
    expect(report.counts).toMatchObject({ rows: 2, complex: 1, pairs: 0, languages: 1 });
  });

  it.each([
    ['schema', lines({ prompt: 'x', tier: 'easy' }), 'a.jsonl:1: tier: '],
    ['schema', `\n{"prompt": \n`, 'a.jsonl:2: not JSON'],
    ['schema', lines({ prompt: 'x', teir: 'simple' }), 'teir'],
    [
      'schema',
      lines({ prompt: 'x', messages: [{ role: 'user', content: 'x' }] }),
      'exactly one of prompt and messages',
    ],
    [
      'repeated ids',
      lines({ id: '1', prompt: 'one' }, { id: '1', prompt: 'two' }),
      'a.jsonl:2: id stands already',
    ],
    [
      'exact duplicates',
      lines({ prompt: 'Hello there' }, { prompt: 'hello, there!' }),
      'a.jsonl:2: same request',
    ],
    [
      'label conflicts',
      lines({ prompt: 'go on', tier: 'simple' }, { prompt: 'Go on.', tier: 'complex' }),
      'a.jsonl:2: complex, but simple at a.jsonl:1',
    ],
    ['near-duplicates', lines({ prompt: LONG }, { prompt: `${LONG} exactly` }), 'a.jsonl:2: 0.9'],
    [
      'secrets and personal data',
      lines({ prompt: `why does AKIA${'ABCDEFGH12345678'} not work` }),
      'a.jsonl:1: holds what looks like: secret',
    ],
    ['secrets and personal data', lines({ prompt: 'write to eva.lind@skylt.se' }), 'looks like: email'],
  ])('reports %s', (name, text, expected) => {
    const report = check({ 'a.jsonl': text });
    expect(report.ok).toBe(false);
    expect(problemsOf(report, name).join('\n')).toContain(expected);
    expect(renderReport(report, 10)).toContain('VIOLATION');
  });

  it('never quotes what it found', () => {
    const report = check({ 'a.jsonl': lines({ prompt: 'password: hunter2000 and eva.lind@skylt.se' }) });
    expect(JSON.stringify(report.lines)).not.toMatch(/hunter2000|skylt/);
  });

  it.each([
    ['a variable', 'curl -H "Authorization: Bearer $TOKEN" x'],
    ['an expression', 'const token = jwt.sign({ phone })'],
    ['a reserved domain', 'mail huber@muellersoehne.example'],
  ])('takes %s for no secret', (_, prompt) => {
    expect(problemsOf(check({ 'a.jsonl': lines({ prompt }) }), 'secrets and personal data')).toEqual([]);
  });

  it('takes a JSON web token for a secret', () => {
    const prompt = `decode ${['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0NTY3ODkwIn0', 'dozjgNryP4J3jVmNHl0w5N'].join('.')}`;
    expect(problemsOf(check({ 'a.jsonl': lines({ prompt }) }), 'secrets and personal data')).toHaveLength(1);
  });

  it('excuses allowed kinds and reviewed rows, and counts them', () => {
    const text = lines(
      { id: 'r1', prompt: 'mail a.berg@skylt.se' },
      { id: 'r2', prompt: 'token: abcdefgh1234' },
    );
    const report = check(
      { 'a.jsonl': text },
      { allowed: { email: 'invented' }, reviewed: { r2: 'invented' } },
    );
    expect(report.lines.find((line) => line.check === 'secrets and personal data')).toMatchObject({
      ok: true,
      found: '0, 1 email excused, 1 secret excused',
    });
  });

  it('exempts the rows of one minimal-pair group from each other', () => {
    const rows = [
      { prompt: LONG, tier: 'complex', pair: 'p1' },
      { prompt: `${LONG}?`, tier: 'complex', pair: 'p1' },
      { prompt: `${LONG} exactly`, tier: 'complex', pair: 'p1' },
    ];
    const report = check({ 'a.jsonl': lines(...rows) });
    expect(report.ok).toBe(true);
    expect(report.counts).toMatchObject({ pairs: 2, pairGroups: 1 });
  });

  it('compares the last turn and the whole: a shared history or a shared "thanks" is no duplicate', () => {
    const history = [
      { role: 'system', content: `You are the assistant of a bakery. ${LONG}` },
      { role: 'user', content: LONG },
      { role: 'assistant', content: 'Because the export compares weekdays.' },
    ];
    const turn = (content: string) => ({ messages: [...history, { role: 'user', content }] });
    const other = {
      messages: [
        { role: 'user', content: 'when do you open' },
        { role: 'assistant', content: 'At 7.' },
      ],
    };
    const thanks = {
      messages: [...other.messages, { role: 'user', content: 'great, that is all for today' }],
    };
    const report = check({
      'a.jsonl': lines(
        turn('great, that is all for today'),
        turn('rewrite the export so that it cannot happen'),
        thanks,
      ),
    });
    expect(report.ok).toBe(true);
  });

  it('bears near-duplicates up to the allowed share', () => {
    const text = lines({ prompt: LONG }, { prompt: `${LONG} exactly` });
    expect(check({ 'a.jsonl': text }, { near_duplicate_share: 0.5 }).ok).toBe(true);
  });

  it('finds rows of an evaluation set: exact, near, and by hash', () => {
    const [evaluation] = [parseRows(lines({ prompt: 'What is 2+2?' }, { prompt: LONG }), 'dev.jsonl')];
    const labels = [
      label('a public prompt', { split: 'heldout' }),
      label('a trained prompt', { split: 'train' }),
    ];
    const text = lines(
      { prompt: 'what is 2+2' },
      { prompt: `${LONG} exactly` },
      { prompt: 'a public prompt' },
      { prompt: 'a trained prompt' },
    );
    const report = check({ 'a.jsonl': text }, { evaluation: { ...evaluation, labels, problems: [] } });
    expect(problemsOf(report, 'contamination')).toEqual([
      'a.jsonl:1: stands in the evaluation set at dev.jsonl:1',
      'a.jsonl:3: is a held-out public row',
      expect.stringMatching(/^a\.jsonl:2: is 0\.9\d like the evaluation row dev\.jsonl:2$/),
    ]);
  });

  it('finds a label that contradicts the public one', () => {
    const labels = [label('sort my list', { tier: 'simple' })];
    const report = check(
      { 'a.jsonl': lines({ prompt: 'sort my list', tier: 'moderate' }) },
      { evaluation: { ...NOTHING, labels } },
    );
    expect(problemsOf(report, 'label conflicts')).toEqual([
      'a.jsonl:1: moderate, but the public row with this text is simple',
    ]);
  });

  it.each([
    ['text', { prompt: 'and now in French' }, { prompt: 'And now in French!' }],
    ['conversation', { prompt: 'one', conversation: 'c' }, { prompt: 'two', conversation: 'c' }],
    ['pair', { prompt: 'one', pair: 'p' }, { prompt: 'two', pair: 'p' }],
  ])('finds a %s on both sides of a split', (kind, train, test) => {
    const report = check({ 'out/train.jsonl': lines(train), 'out/test.jsonl': lines(test) });
    expect(problemsOf(report, 'contamination').join()).toContain(`same ${kind} as out/train.jsonl:1`);
  });

  it('asks for a balance of tiers where there are rows enough', () => {
    const rows = Array.from({ length: 100 }, (_, at) => ({
      prompt: `${at} ${(at * 7919).toString(2)} ${at % 3 === 0 ? 'kilo' : 'mega'}${at}`,
      tier: at < 60 ? 'simple' : 'moderate',
      world: at < 60 ? 'w1' : 'w2',
    }));
    const report = check({ 'a.jsonl': lines(...rows) }, { near_duplicate_share: 1 });
    expect(problemsOf(report, 'balance')).toEqual([
      'all rows: 0 % complex, at least 5 % wanted',
      'world w1: 100 % simple, at most 90 % wanted',
    ]);
  });

  it('counts a folder against its own minima', () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-'));
    writeFileSync(
      join(folder, 'check.json'),
      JSON.stringify({ minima: { rows: 3, languages: 2, non_english_share: 0.5 } }),
    );
    writeFileSync(
      join(folder, 'a.jsonl'),
      lines({ prompt: 'guten Tag', language: 'de' }, { prompt: 'how tall is K2' }),
    );
    const report = checkPaths([folder]);
    expect(problemsOf(report, 'minima')).toEqual(['rows: 2, at least 3 wanted']);
  });

  it('names the field of a check.json that is not valid', () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-'));
    writeFileSync(join(folder, 'check.json'), JSON.stringify({ minima: { rows: 'many' } }));
    expect(() => checkPaths([folder])).toThrow(/check\.json: minima\.rows/);
  });

  it('reads folders below, and takes files of labels for no rows', () => {
    const folder = mkdtempSync(join(tmpdir(), 'check-'));
    mkdirSync(join(folder, 'below'));
    writeFileSync(join(folder, 'below/a.jsonl'), lines({ prompt: 'one' }));
    for (const name of ['labels.jsonl', 'second-labels.jsonl', 'notes.txt'])
      writeFileSync(join(folder, name), 'x\n');
    expect(checkPaths([folder])).toMatchObject({ ok: true, counts: { rows: 1 } });
  });

  it('is clean on what is committed', () => {
    const report = checkPaths([join(import.meta.dirname, '../../../training-data')]);
    const problems = report.lines.filter(({ ok }) => !ok).flatMap((line) => line.problems.slice(0, 5));
    expect(problems).toEqual([]);
  });
});
