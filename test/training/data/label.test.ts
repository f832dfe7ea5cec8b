import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { composeLabelJudge } from '../../../src/compose-judge.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Judge } from '../../../src/core/ports.ts';
import type { JudgeAnswer } from '../../../src/core/routing.ts';
import { systemClock } from '../../../src/surroundings.ts';
import {
  instructionVersion,
  labelByJudge,
  labelByPerson,
  unlabelled,
} from '../../../src/training/data/label.ts';
import { type LabelFile, openLabelFile } from '../../../src/training/data/label-file.ts';
import { type DataRow, parseRows } from '../../../src/training/data/read.ts';
import { answers, startUpstream } from '../../fakes/upstream.ts';
import { lines } from './rows.ts';

const now = () => new Date('2026-05-04T03:02:01Z');
let path: string;

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'label-')), 'out.jsonl');
});

function written(): Record<string, unknown>[] {
  return parseRows(readFileSync(path, 'utf8'), path).rows.map(({ row }) => row);
}

function waiting(file: LabelFile, ...prompts: readonly string[]): DataRow[] {
  return unlabelled(parseRows(lines(...prompts.map((prompt) => ({ id: prompt, prompt }))), 'in').rows, file);
}

function scripted(...replies: readonly (Partial<JudgeAnswer> | undefined)[]): Judge & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    judge: async ({ text }) => {
      const reply = replies[asked.push(text) - 1] ?? { status: 'answered', tier: 'simple' };
      return { status: 'error', cached: false, latencyMs: 1, costUsd: 0, ...reply };
    },
  };
}

function run(rows: readonly DataRow[], file: LabelFile, judge: Judge, patience = 3) {
  const signal = new AbortController().signal;
  return labelByJudge(rows, file, { judge, model: 'nano', parallel: 1, patience, now, signal });
}

describe('the file of labelled rows', () => {
  it('cuts off a line that a crash left without its end', () => {
    writeFileSync(path, `${lines({ id: 'a', prompt: 'a', tier: 'simple' })}{"id":"b","pro`);
    const file = openLabelFile(path);
    expect([file.has('a'), file.has('b'), file.size()]).toEqual([true, false, 1]);
    file.append({ id: 'c', prompt: 'c', tier: 'complex', certain: true });
    file.close();
    expect(written().map(({ id }) => id)).toEqual(['a', 'c']);
  });

  it('refuses a row twice', () => {
    const file = openLabelFile(path);
    file.append({ id: 'a', prompt: 'a', certain: true });
    expect(() => file.append({ id: 'a', prompt: 'b', certain: true })).toThrow('labelled already');
    file.close();
  });

  it('takes back rows of this session, last first, and none before it', () => {
    writeFileSync(path, lines({ id: 'old', prompt: 'ä' }));
    const file = openLabelFile(path);
    file.append({ id: 'a', prompt: 'größer', certain: true });
    file.append({ id: 'b', prompt: 'b', certain: true });
    expect([file.undo(), file.undo(), file.undo()]).toEqual(['b', 'a', undefined]);
    file.close();
    expect(written().map(({ id }) => id)).toEqual(['old']);
  });

  it('refuses a file whose complete lines are no rows', () => {
    writeFileSync(path, 'notes\n');
    expect(() => openLabelFile(path)).toThrow(`${path}:1: not JSON`);
    expect(readFileSync(path, 'utf8')).toBe('notes\n');
  });
});

describe('labelling by a judge', () => {
  it('writes the label with its provenance, and copies rows that have one', async () => {
    const file = openLabelFile(path);
    const rows = parseRows(
      lines({ id: 'a', prompt: 'hi' }, { id: 'b', prompt: 'prove it', tier: 'complex', certain: false }),
      'in',
    ).rows;
    const result = await run(
      unlabelled(rows, file),
      file,
      scripted({ status: 'answered', tier: 'moderate' }),
    );
    file.close();
    expect(result).toEqual({ labelled: 1, failed: {}, gaveUp: false });
    expect(written()).toEqual([
      { id: 'b', prompt: 'prove it', tier: 'complex', certain: false },
      {
        id: 'a',
        prompt: 'hi',
        tier: 'moderate',
        certain: true,
        label: {
          by: 'judge',
          at: '2026-05-04T03:02:01.000Z',
          model: 'nano',
          instruction: instructionVersion(),
        },
      },
    ]);
  });

  it('asks what the router asks: facts and history in one text', async () => {
    const file = openLabelFile(path);
    const judge = scripted();
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'and now?' },
    ];
    await run(parseRows(lines({ messages, facts: { tools: 5 } }), 'in').rows, file, judge);
    file.close();
    expect(judge.asked).toEqual(['<|tools:4|> and now <|history|> <|system|> Be brief.']);
  });

  it('leaves rows without an answer for the next time, and asks for no other again', async () => {
    const first = openLabelFile(path);
    const judge = scripted(undefined, { status: 'unparsable' }, undefined);
    expect(await run(waiting(first, 'a', 'b', 'c'), first, judge)).toMatchObject({
      labelled: 2,
      failed: { unparsable: 1 },
    });
    first.close();
    const second = openLabelFile(path);
    const again = scripted();
    expect(await run(waiting(second, 'a', 'b', 'c'), second, again)).toMatchObject({ labelled: 1 });
    second.close();
    expect(again.asked).toEqual(['b']);
    expect(written().map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });

  it('gives up where the judge does not answer', async () => {
    const file = openLabelFile(path);
    const judge = scripted(...Array.from({ length: 9 }, () => ({ status: 'timeout' as const })));
    const result = await run(waiting(file, 'a', 'b', 'c', 'd', 'e'), file, judge, 3);
    file.close();
    expect(result).toEqual({ labelled: 0, failed: { timeout: 3 }, gaveUp: true });
  });

  it('asks the configured provider, within the budget', async () => {
    const upstream = await startUpstream();
    upstream.otherwise(() => answers('MODERATE', { usage: { input: 1_000, output: 1 } }));
    const config = join(path, '../router.yaml');
    writeFileSync(
      config,
      `providers: { here: { dialect: openai-chat, base_url: "${upstream.baseUrl}" } }
models: [{ id: tiny, provider: here, tier: simple, context_window: 8000, price: { input: 1000, output: 1, as_of: 2026-01-01 } }]\n`,
    );
    const surroundings = {
      clock: systemClock,
      logger: { info: () => {}, warn: () => {}, error: () => {} },
      random: () => 0.5,
      version: '',
    };
    const budget = { budgetUsd: 1.5, timeoutMs: 5_000 };
    const { judge, model, spent, close } = composeLabelJudge(
      loadConfig({ env: {}, path: config }),
      surroundings,
      budget,
    );
    const file = openLabelFile(path);
    const result = await run(waiting(file, 'a', 'b', 'c'), file, judge);
    file.close();
    await Promise.all([close(), upstream.close()]);
    expect(model).toBe('tiny');
    expect(result).toMatchObject({ labelled: 2, failed: { budget_spent: 1 } });
    expect(spent()).toBeGreaterThan(1.5);
    expect(upstream.received).toHaveLength(2);
    expect(() =>
      composeLabelJudge(loadConfig({ env: {}, path: config }), surroundings, { ...budget, model: 'huge' }),
    ).toThrow('no model to judge with is called "huge"');
  });
});

describe('labelling by a person', () => {
  async function type(rows: readonly DataRow[], file: LabelFile, ...keys: readonly string[]) {
    const shown: string[] = [];
    const input = [...keys];
    const desk = { show: (text: string) => void shown.push(text), ask: async () => input.shift() };
    return { shown, ...(await labelByPerson(rows, file, { desk, name: 'eva', now })) };
  }

  it.each<[string, readonly string[], readonly string[], number]>([
    ['the three tiers', ['s', 'M', ' c '], ['a simple true', 'b moderate true', 'c complex true'], 0],
    ['torn', ['m?', 'q'], ['a moderate false'], 0],
    ['skip and quit', ['k', 's', 'q'], ['b simple true'], 1],
    ['undo', ['s', 'm', 'u', 'u', 'c', 'q'], ['a complex true'], 0],
    ['undo with nothing to undo', ['u', 's', 'q'], ['a simple true'], 0],
    ['undo after a skip', ['s', 'k', 'u', 'm', 's', 'q'], ['a moderate true', 'b simple true'], 0],
    ['the end of the input', ['s'], ['a simple true'], 0],
    ['help for what is no key', ['yes', 's', 'q'], ['a simple true'], 0],
  ])('%s', async (_, keys, expected, skipped) => {
    const file = openLabelFile(path);
    const result = await type(waiting(file, 'a', 'b', 'c'), file, ...keys);
    file.close();
    expect(written().map(({ id, tier, certain }) => `${id} ${tier} ${certain}`)).toEqual(expected);
    expect(result).toMatchObject({ labelled: expected.length, skipped });
  });

  it('undoes no row that was only copied', async () => {
    const file = openLabelFile(path);
    const rows = parseRows(
      lines({ id: 'z', prompt: 'z', tier: 'simple' }, { id: 'a', prompt: 'a' }),
      'in',
    ).rows;
    const { shown } = await type(unlabelled(rows, file), file, 'u', 'q');
    file.close();
    expect(shown).toContain('nothing to undo');
    expect(written().map(({ id }) => id)).toEqual(['z']);
  });

  it('shows every turn and the facts, and writes who labelled', async () => {
    const file = openLabelFile(path);
    const messages = [
      { role: 'user', content: 'q1' },
      { role: 'assistant', content: 'a1' },
      { role: 'user', content: 'q2' },
    ];
    const { shown } = await type(parseRows(lines({ messages, facts: { json: true } }), 'in').rows, file, 's');
    file.close();
    expect(shown.join('\n')).toMatch(
      /\[user\]\nq1\n\[assistant\]\na1\n\[user\]\nq2\n\[facts\] \{"json":true\}/,
    );
    expect(written()[0]).toMatchObject({ label: { by: 'eva', at: '2026-05-04T03:02:01.000Z' } });
  });

  it('keeps rows after a crash between two labels', async () => {
    const file = openLabelFile(path);
    await type(waiting(file, 'a', 'b'), file, 's');
    file.close();
    appendFileSync(path, '{"id":"b","prompt":"b","tier":"sim');
    const again = openLabelFile(path);
    expect(waiting(again, 'a', 'b').map(({ id }) => id)).toEqual(['b']);
    again.close();
  });
});
