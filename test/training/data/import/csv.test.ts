import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { csvRecords, delimiterOf, readCsv } from '../../../../src/training/data/import/csv.ts';
import { importFile } from '../../../../src/training/data/import/import.ts';

const folder = mkdtempSync(join(tmpdir(), 'csv-'));
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('CSV', () => {
  it('counts records, lines and fields across quoted line breaks', () => {
    const text = 'a,b\r\n"1, and\n2",x\n\n"say ""hi""",y,z\n"open,\n';
    expect(csvRecords(text, ',').map(({ line, fields, closed }) => [line, fields, closed])).toEqual([
      [1, 2, true],
      [2, 2, true],
      [5, 3, true],
      [6, 1, false],
    ]);
  });

  it.each([
    ['a,b,c\n1;2,3,4', ','],
    ['a;b;c\n', ';'],
    ['a\tb\n', '\t'],
    ['only\n', ','],
  ])('finds the delimiter of %j', (text, delimiter) => {
    expect(delimiterOf(text)).toBe(delimiter);
  });

  it('reads every good record as text and reports the ragged ones', async () => {
    const path = file(
      't.csv',
      '\uFEFFprompt,tier,n\n"a, ""b""\nc",simple,007\nshort,moderate\n\nlong,simple,1,extra\ntrue,,\n',
    );
    const { records, problems } = await readCsv(path);
    expect(records).toEqual([
      { line: 2, record: { prompt: 'a, "b"\nc', tier: 'simple', n: '007' } },
      { line: 7, record: { prompt: 'true', tier: '', n: '' } },
    ]);
    expect(problems).toEqual([
      { where: `${path}:4`, says: '2 fields, the header has 3' },
      { where: `${path}:6`, says: '4 fields, the header has 3' },
    ]);
  });

  it('reports an empty file', async () => {
    const path = file('e.csv', '');
    expect((await readCsv(path)).problems).toEqual([{ where: `${path}:1`, says: 'the file is empty' }]);
  });

  it('imports an export of a service that comes as a table, and loses no record', async () => {
    const body = JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'wie spät ist es' }] });
    const quoted = `"${body.replaceAll('"', '""')}"`;
    const path = file(
      'h.csv',
      `request_id,request_body,request_user_id\nr1,${quoted},u1\nr2,,u2\nr3,"{""messages"":[1]}",u3\nr4\n`,
    );
    const result = await importFile(path, { format: 'auto' });
    expect(result.format).toBe('helicone');
    expect(result.rows).toEqual([
      expect.objectContaining({ prompt: 'wie spät ist es', session: 'u1', source: 'helicone' }),
    ]);
    const skipped = Object.values(result.skipped).reduce((sum, number) => sum + number, 0);
    expect(result.rows.length + skipped + result.problems.length).toBe(result.records);
    expect(result.problems.map(({ where }) => where)).toEqual([`${path}:5`, `${path}:4`]);
  });
});
