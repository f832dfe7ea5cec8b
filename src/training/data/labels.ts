/** Labels of public rows whose text is not ours to keep: a hash stands for the text. */
import { z } from 'zod';
import { TIERS } from '../../core/tier.ts';
import { rowFields } from '../row-schema.ts';
import { firstIssue, jsonLines, type Problem } from './read.ts';

/** One line of `public/labels.jsonl`. */
export const labelSchema = z.strictObject({
  id: z
    .string()
    .describe(
      'first 12 hex digits of the SHA-1 of the prompt (of the original transcript for conversations)',
    ),
  source: z.string().describe('name of the source in `manifest.json`'),
  tier: z.enum(TIERS).describe('our label'),
  certain: z.boolean().describe('false where the labeller hesitated between two neighbouring tiers'),
  split: z
    .enum(['train', 'heldout'])
    .describe('`heldout`: a fifth, by hash of the id, that no training sees'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256 of the prompt, or of the messages as JSON'),
  kind: rowFields.shape.kind,
  domain: rowFields.shape.domain,
  language: rowFields.shape.language,
  attributes: rowFields.shape.attributes,
});

export type Label = z.infer<typeof labelSchema>;

export interface ReadLabels {
  readonly labels: readonly Label[];
  readonly problems: readonly Problem[];
}

/** The labels of a JSON Lines text. */
export function parseLabels(text: string, file: string): ReadLabels {
  const labels: Label[] = [];
  const problems: Problem[] = [];
  for (const { line, value, bad } of jsonLines(text)) {
    const parsed = labelSchema.safeParse(value);
    if (parsed.success) labels.push(parsed.data);
    else problems.push({ where: `${file}:${line}`, says: bad ? 'not JSON' : firstIssue(parsed.error) });
  }
  return { labels, problems };
}

/** True where the first line of a file is a label and not a row. */
export function holdsLabels(text: string): boolean {
  const [first] = jsonLines(text.slice(0, text.indexOf('\n') === -1 ? text.length : text.indexOf('\n')));
  return (
    first !== undefined && z.object({ sha256: z.string(), tier: z.string() }).safeParse(first.value).success
  );
}
