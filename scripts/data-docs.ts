/** `tsx scripts/data-docs.ts [--check]`: writes, or compares, the generated parts of `training-data/README.md`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { isJsonObject, type JsonObject, type JsonValue } from '../src/core/json.ts';
import { TIERS } from '../src/core/tier.ts';
import { balanceBy, worldOf } from '../src/training/data/balance.ts';
import { labelSchema, parseLabels } from '../src/training/data/labels.ts';
import { readManifest } from '../src/training/data/manifest.ts';
import { readRows } from '../src/training/data/read.ts';
import { rowFields } from '../src/training/row-schema.ts';

type Cells = readonly (string | number)[];

function table(head: readonly string[], rows: readonly Cells[]): string {
  const draw = (cells: Cells): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [draw(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(draw)].join('\n');
}

function typeOf(schema: JsonValue | undefined): string {
  if (!isJsonObject(schema)) return 'any';
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array') return 'list';
  if (typeof schema.type === 'string') return schema.type;
  return 'any';
}

/** One line a field of a schema, with what its `describe` says. */
export function fieldsTable(schema: z.ZodType): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
  const properties = isJsonObject(json.properties) ? json.properties : {};
  const rows = Object.entries(properties).map(([name, field]) => [
    `\`${name}\``,
    typeOf(field),
    isJsonObject(field) ? String(field.description ?? '') : '',
  ]);
  return table(['field', 'type', 'meaning'], rows);
}

/** The public sources with their licences, and how many rows of each are labelled. */
export function sourcesTable(root: string): string {
  const { labels } = parseLabels(
    readFileSync(`${root}training-data/public/labels.jsonl`, 'utf8'),
    'labels.jsonl',
  );
  const { sources } = readManifest(`${root}training-data/public/manifest.json`);
  const rows = sources.map((source) => {
    const own = labels.filter((label) => label.source === source.name);
    const tiers = TIERS.map((tier) => own.filter((label) => label.tier === tier).length).join(' / ');
    const repository = `[${source.repository}](https://github.com/${source.repository}) at \`${source.revision.slice(0, 7)}\``;
    const had = source.files.length === 0 ? 'only `--from`' : `${source.files.length} files`;
    return [`\`${source.name}\``, repository, source.licence, source.attribution, own.length, tiers, had];
  });
  return table(
    ['source', 'repository', 'licence', 'attribution', 'rows', TIERS.join(' / '), 'download'],
    rows,
  );
}

/** The rows written here, by world. */
export function worldsTable(root: string): string {
  const { rows } = readRows([`${root}training-data/authored`]);
  const line = ({ name, rows: count, tiers }: ReturnType<typeof balanceBy>[number]): Cells => [
    name,
    count,
    ...TIERS.map((tier) => tiers[tier]),
  ];
  const worlds = balanceBy(rows, worldOf).sort((a, b) => a.name.localeCompare(b.name));
  return table(
    ['world', 'rows', ...TIERS],
    [...worlds.map(line), ...balanceBy(rows, () => '**all**').map(line)],
  );
}

const PARTS: Readonly<Record<string, (root: string) => string>> = {
  row: () => fieldsTable(rowFields),
  label: () => fieldsTable(labelSchema),
  sources: sourcesTable,
  worlds: worldsTable,
};

/** The README of the data with its generated parts renewed. Throws where a part's markers are missing. */
export function renewDataReadme(root: string): string {
  const readme = readFileSync(`${root}training-data/README.md`, 'utf8');
  return Object.entries(PARTS).reduce((text, [name, make]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to === -1) throw new Error(`training-data/README.md has no part "${name}"`);
    return `${text.slice(0, from + begin.length)}\n${make(root)}\n${text.slice(to)}`;
  }, readme);
}

function main(): void {
  const { check } = new Command('data:docs')
    .option('--check', 'compare only')
    .parse()
    .opts<{ check?: boolean }>();
  const root = fileURLToPath(new URL('..', import.meta.url));
  const path = `${root}training-data/README.md`;
  const wanted = renewDataReadme(root);
  if (!check) writeFileSync(path, wanted);
  else if (readFileSync(path, 'utf8') !== wanted) {
    process.stderr.write('training-data/README.md is stale: run npx tsx scripts/data-docs.ts\n');
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
