import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fieldsTable, renewDataReadme } from '../../../scripts/data-docs.ts';

const ROOT = join(import.meta.dirname, '../../../');

describe('the README of the data', () => {
  it('is as generated from schema, manifest, labels and rows', () => {
    expect(readFileSync(`${ROOT}training-data/README.md`, 'utf8')).toBe(renewDataReadme(ROOT));
  });

  it('takes names, types and meanings from the schema', () => {
    const schema = z.object({
      tier: z.enum(['a', 'b']).describe('one | other'),
      list: z.array(z.string()).optional(),
      flag: z.boolean().default(true).describe('a flag'),
    });
    expect(fieldsTable(schema).split('\n').slice(2)).toEqual([
      '| `tier` | `a`, `b` | one \\| other |',
      '| `list` | list |  |',
      '| `flag` | boolean | a flag |',
    ]);
  });
});
