import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

/** What each folder may import of ours besides itself: a folder, or one file of it. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  routing: ['core'],
  classifiers: ['core'],
  dialects: ['core'],
  providers: ['core'],
  validators: ['core'],
  store: ['core'],
  access: ['core'],
  config: ['core'],
  http: ['core', 'routing'],
  training: ['core', 'routing/features.ts', 'routing/requirements.ts', 'classifiers'],
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesBelow(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g);
  return [...found].map((match) => match[1] ?? '');
}

function violations(folder: string): string[] {
  const allowed = [folder, ...(ALLOWED[folder] ?? [])];
  return filesBelow(join(SRC, folder)).flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => relative(SRC, resolve(dirname(file), specifier)))
      .filter((target) => !allowed.some((prefix) => target === prefix || target.startsWith(`${prefix}/`)))
      .map((target) => `${relative(SRC, file)} imports ${target}`),
  );
}

describe('architecture', () => {
  it.each(Object.keys(ALLOWED))('%s imports only what it may', (folder) => {
    expect(violations(folder)).toEqual([]);
  });

  it('core imports no package', () => {
    const packages = filesBelow(join(SRC, 'core'))
      .flatMap(importsOf)
      .filter((name) => !name.startsWith('.'));
    expect(packages).toEqual([]);
  });

  it('every folder of src has a rule and a row in the README, and the README names no other', () => {
    const folders = readdirSync(SRC).filter((name) => statSync(join(SRC, name)).isDirectory());
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
    const table = readme.slice(
      readme.indexOf('<!-- checked: folders -->'),
      readme.indexOf('<!-- end: folders -->'),
    );
    const rows = [...table.matchAll(/^\| `src\/(\w+)` \|.*\| (.+) \|$/gm)];
    expect(rows.map((row) => row[1]).sort()).toEqual(folders.sort());
    expect(Object.keys(ALLOWED).sort()).toEqual(folders.sort());
    for (const [, folder = '', says = ''] of rows) {
      const inRules = [...new Set((ALLOWED[folder] ?? []).map((path) => path.split('/')[0]))];
      expect(says, folder).toBe(inRules.length === 0 ? 'nothing' : inRules.join(', '));
    }
  });

  it('only the composition knows the adapters, and none of it knows training', () => {
    const top = readdirSync(SRC).filter((name) => name.endsWith('.ts'));
    const importers = top.filter((name) =>
      importsOf(join(SRC, name)).some((path) => path.startsWith('./providers/')),
    );
    expect(importers).toEqual([
      'compose-handle.ts',
      'compose-judge.ts',
      'compose-providers.ts',
      'compose.ts',
    ]);
    expect(
      top.flatMap((name) => importsOf(join(SRC, name))).filter((path) => path.includes('training')),
    ).toEqual([]);
  });
});
