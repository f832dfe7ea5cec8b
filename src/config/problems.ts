/** Turns schema issues into messages that name the key and the nearest valid one. */
import { z } from 'zod';
import type { JsonObject } from '../core/json.ts';
import { fieldPath, isJsonObject } from '../core/json.ts';

/** Edit distance (Levenshtein 1966) between two short strings. */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substituted, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The candidate nearest to `name`, if one is near enough to be meant or is `name` and more. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const longer = candidates.find((candidate) => name.length > 2 && candidate.startsWith(name));
  if (longer) return longer;
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** A schema and, where it is a choice, its alternatives. */
function alternatives(node: unknown): JsonObject[] {
  if (!isJsonObject(node)) return [];
  const choices = [node.anyOf, node.oneOf].filter(Array.isArray).flat();
  return [node, ...choices.flatMap(alternatives)];
}

function stepInto(node: JsonObject, step: PropertyKey): unknown {
  if (typeof step === 'number') return node.items;
  const { properties } = node;
  const named = isJsonObject(properties) ? properties[String(step)] : undefined;
  return named ?? node.additionalProperties;
}

function keysAt(schema: JsonObject, path: readonly PropertyKey[]): string[] {
  const reached = path.reduce<JsonObject[]>(
    (nodes, step) => nodes.flatMap((node) => alternatives(stepInto(node, step))),
    alternatives(schema),
  );
  const keys = reached.flatMap(({ properties }) => (isJsonObject(properties) ? Object.keys(properties) : []));
  return [...new Set(keys)];
}

/** One line for each thing wrong, naming the field and what is allowed. */
export function describeProblems(schema: z.ZodType, error: z.ZodError): string[] {
  const shape = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonObject;
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [`${fieldPath(issue.path) || '(top level)'}: ${issue.message}`];
    }
    const known = keysAt(shape, issue.path);
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      const hint = meant ? `did you mean "${meant}"?` : `allowed: ${known.join(', ')}`;
      return `${fieldPath([...issue.path, key])}: unknown key, ${hint}`;
    });
  });
}
