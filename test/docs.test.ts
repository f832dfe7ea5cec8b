import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { generatedFiles } from '../scripts/docs.ts';
import { configSchema } from '../src/config/schema.ts';

const ROOT = `${resolve(import.meta.dirname, '..')}/`;

describe('documents', () => {
  it.each(
    [...generatedFiles(ROOT)].map(([path, wanted]) => ({ file: path.slice(ROOT.length), path, wanted })),
  )('$file is what the code generates (npm run docs renews it)', ({ path, wanted }) => {
    expect(readFileSync(path, 'utf8')).toBe(wanted);
  });

  it('the example configuration is valid', () => {
    const example = parse(readFileSync(`${ROOT}router.config.example.yaml`, 'utf8'));
    expect(configSchema.safeParse(example).error?.issues).toBeUndefined();
  });

  it('the README names the very commands that CI and a fresh machine run', () => {
    const readme = readFileSync(`${ROOT}README.md`, 'utf8');
    const ci = readFileSync(`${ROOT}.ci/run`, 'utf8');
    expect(readme).toContain('npm ci && npm start');
    expect(readme).toContain('npm ci && npm test');
    expect(ci).toMatch(/^npm test$/m);
  });
});
