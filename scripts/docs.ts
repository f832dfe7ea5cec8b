/**
 * `npm run docs [-- --check]`: writes the generated parts of the README and `router.config.schema.json` from the code;
 * with `--check` it only compares and exits non-zero where they are stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';
import { ERROR_CODES } from '../src/core/errors.ts';
import { isJsonObject, type JsonObject } from '../src/core/json.ts';
import { OPENAPI_PATH } from '../src/http/app.ts';
import { ENDPOINTS } from '../src/http/endpoint-table.ts';
import { faultRows } from '../test/http/fault-matrix.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** The endpoint table of the README. */
export function endpointsTable(): string {
  const rows = ENDPOINTS.map(({ method, path, summary }) => [`\`${method.toUpperCase()} ${path}\``, summary]);
  return table(
    ['endpoint', 'what it does'],
    [...rows, [`\`GET ${OPENAPI_PATH}\``, 'The OpenAPI 3.1 document']],
  );
}

/** The table of error codes. */
export function errorsTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { status, retryable, says }]) => [
    `\`${code}\``,
    String(status),
    retryable ? 'yes' : 'no',
    says,
  ]);
  return table(['code', 'status', 'retryable', 'meaning'], rows);
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.oneOf || schema.anyOf) return 'one of several';
  if (schema.type === 'array') return 'list';
  if (schema.type === 'object') return 'mapping';
  return String(schema.type ?? 'any');
}

/** One row a key, nested keys by their path; `*` stands for a name the user chooses, `[]` for a list's entries. */
function configRows(schema: JsonObject, path: string): string[][] {
  if (isJsonObject(schema.properties)) {
    return Object.entries(schema.properties).flatMap(([key, inner]) => {
      const full = path === '' ? key : `${path}.${key}`;
      return isJsonObject(inner) ? [...ownRow(inner, full), ...configRows(inner, full)] : [];
    });
  }
  if (isJsonObject(schema.items)) return configRows(schema.items, `${path}[]`);
  if (isJsonObject(schema.additionalProperties)) return configRows(schema.additionalProperties, `${path}.*`);
  const variants = schema.oneOf;
  return Array.isArray(variants)
    ? variants.flatMap((variant) => {
        if (!isJsonObject(variant) || !isJsonObject(variant.properties)) return [];
        const { type, ...rest } = variant.properties;
        const name = isJsonObject(type) ? String(type.const) : '';
        const fields = Object.keys(rest).map((field) => `\`${field}\``);
        return [
          [`\`${path}\` of type \`${name}\``, fields.join(', '), '', String(variant.description ?? '')],
        ];
      })
    : [];
}

function ownRow(schema: JsonObject, path: string): string[][] {
  const group = isJsonObject(schema.properties);
  if (group) return [];
  const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
  return [[`\`${path}\``, typeOf(schema), fallback, String(schema.description ?? '')]];
}

/** The configuration's JSON Schema, for editors. */
export function configJsonSchema(): JsonObject {
  return z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
}

/** The configuration reference of the README. */
export function configTable(): string {
  return table(['key', 'type', 'default', 'meaning'], configRows(configJsonSchema(), ''));
}

/** What a client sees of each fault of an upstream, from the table that the tests assert. */
export function faultTable(): string {
  const [head = [], ...rows] = faultRows();
  return table(head, rows);
}

const PARTS: Readonly<Record<string, () => string>> = {
  endpoints: endpointsTable,
  errors: errorsTable,
  config: configTable,
  'fault matrix': faultTable,
};

/** The README with its generated parts renewed. Throws where a part's markers are missing. */
export function renewReadme(readme: string): string {
  return Object.entries(PARTS).reduce((text, [name, make]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from === -1 || to === -1) throw new Error(`README.md has no part "${name}"`);
    return `${text.slice(0, from + begin.length)}\n${make()}\n${text.slice(to)}`;
  }, readme);
}

/** Files with generated content, by path, as they should be. */
export function generatedFiles(root: string): ReadonlyMap<string, string> {
  return new Map([
    [`${root}README.md`, renewReadme(readFileSync(`${root}README.md`, 'utf8'))],
    [`${root}router.config.schema.json`, `${JSON.stringify(configJsonSchema(), null, 2)}\n`],
  ]);
}

function main(): void {
  const { check } = new Command('docs').option('--check', 'compare only').parse().opts<{ check?: boolean }>();
  const root = fileURLToPath(new URL('..', import.meta.url));
  for (const [path, wanted] of generatedFiles(root)) {
    if (check && readFileSync(path, 'utf8') !== wanted) {
      process.stderr.write(`${path} is stale: run npm run docs\n`);
      process.exitCode = 1;
    } else if (!check) writeFileSync(path, wanted);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
