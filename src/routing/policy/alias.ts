/** Other names of a model: patterns, dated ids, vendor prefixes. */
import type { ModelSpec } from '../../core/routing.ts';

/** True where the pattern's text stands in the name, `*` being any text. Case counts for nothing. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const text = name.toLowerCase();
  const [head = '', ...rest] = parts;
  if (rest.length === 0) return text === head;
  if (!text.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return text.length - tail.length >= from && text.endsWith(tail);
}

/** `anthropic/`, `openrouter/openai/`. */
const VENDOR = /^(?:[a-z0-9_-]+\/)+/;
/** `-20250929`, `@20250929`, `-2025-08-07`, `-latest`. */
const EDITION = /[-@](?:20\d{6}|20\d{2}-\d{2}-\d{2}|latest)$/;

/** The name without vendor and edition; vendors write `4.5` and `4-5` alike. */
function stem(name: string): string {
  return name.toLowerCase().replace(VENDOR, '').replace(EDITION, '').replaceAll('.', '-');
}

/**
 * The configured model that a name means besides its own id: by one of its aliases, else by the same id with another
 * vendor prefix, date or `-latest`. Undefined where none or, without an alias, more than one is meant.
 */
export function modelByAlias<M extends Pick<ModelSpec, 'id' | 'aliases' | 'upstreamModel'>>(
  name: string,
  models: readonly M[],
): M | undefined {
  const aliased = models.find(({ aliases }) => aliases?.some((pattern) => matchesPattern(pattern, name)));
  if (aliased) return aliased;
  const meant = stem(name);
  const sameStem = models.filter(
    ({ id, upstreamModel }) => stem(id) === meant || stem(upstreamModel) === meant,
  );
  const sameName = sameStem.filter(({ upstreamModel }) => upstreamModel === name);
  const [found, ...others] = sameName.length > 0 ? sameName : sameStem;
  return others.length === 0 ? found : undefined;
}
