/** The one schema of a labelled request, of whatever origin: what a line of a data file may say. */
import { z } from 'zod';
import { TIERS } from '../core/tier.ts';

const contentSchema = z.union([
  z.string(),
  z
    .array(z.looseObject({ type: z.string().optional(), text: z.string().optional() }))
    .transform((parts) => parts.map(({ text }) => text ?? '').join('\n')),
  z.null().transform(() => ''),
]);

const scale = (says: string) => z.number().int().min(0).max(4).describe(says);
const answer = z.enum(['yes', 'no', 'unknown']);

/** Who labelled a row, when and by which instruction; absent on rows written together with their label. */
export const provenanceSchema = z.object({
  by: z.string().min(1).describe('`person`, `judge`, or a name'),
  at: z.string().describe('ISO 8601'),
  model: z.string().optional().describe('the judging model'),
  instruction: z
    .string()
    .optional()
    .describe('version of the instruction: first 12 hex digits of its SHA-256'),
});

export type Provenance = z.infer<typeof provenanceSchema>;

/** Every field of a row, described for the reference in `training-data/README.md`. */
export const rowFields = z.object({
  id: z
    .string()
    .optional()
    .describe(
      'stable name; where absent the first 12 hex digits of the SHA-1 of the prompt (or of the messages as JSON)',
    ),
  source: z.string().optional().describe('where the row comes from: `authored`, a public set, an import'),
  licence: z.string().optional().describe('licence of the text'),
  world: z.string().optional().describe('topic or batch; whole worlds are held out to measure transfer'),
  tier: z
    .enum(TIERS)
    .optional()
    .describe('the cheapest tier that satisfies a demanding user; absent on unlabelled rows'),
  certain: z
    .boolean()
    .default(true)
    .describe('false where the labeller hesitated between two neighbouring tiers'),
  kind: z.string().optional().describe('kind of work: qa, extraction, code, debugging, planning, …'),
  domain: z.string().optional().describe('subject: software, finance, biology, personal, …'),
  language: z.string().optional().describe('ISO 639-1 code of what is asked; `en` where absent'),
  prompt: z.string().optional().describe('a request of one turn'),
  messages: z
    .array(z.object({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: contentSchema }))
    .min(1)
    .optional()
    .describe('a conversation, oldest turn first; the last turn decides the tier'),
  facts: z
    .object({
      tools: z.number().optional().describe('number of tool definitions sent along'),
      images: z.number().optional().describe('number of images'),
      json: z.boolean().optional().describe('JSON mode or a response schema'),
      max_tokens: z.number().optional().describe('ceiling of the output, tokens'),
    })
    .optional()
    .describe('what the text does not show: `tools`, `images` (counts), `json` (JSON mode), `max_tokens`'),
  attributes: z
    .object({
      steps: scale('dependent steps to a right answer'),
      hold: scale('things to hold together at once'),
      depth: scale('domain depth'),
      length: scale('asked-for output length'),
    })
    .optional()
    .describe(
      'each 0 to 4: `steps` (dependent steps to a right answer), `hold` (things held together at once), `depth` (domain depth: 0 everybody, 2 practitioner, 4 expert), `length` (asked-for output: under 20, 100, 400, 1,200 words, more)',
    ),
  pair: z.string().optional().describe('minimal-pair group; its rows never stand on both sides of a split'),
  conversation: z.string().optional().describe('conversation the request belongs to; never split'),
  session: z.string().optional().describe('session or user the request belongs to'),
  label: provenanceSchema
    .optional()
    .describe('who labelled: `by`, `at`, `model`, `instruction` (version of the judge’s instruction)'),
  success: z
    .record(z.string(), z.number().nullable())
    .optional()
    .describe('outcome tables: model name to score, 0 to 1'),
  sufficient: z
    .partialRecord(z.enum(TIERS), answer)
    .optional()
    .describe('per tier `yes`, `no` or `unknown`: is an answer from it good enough'),
  weight: z.number().min(0).optional().describe('how much the row counts in training, 1 where absent'),
  native: z.unknown().optional().describe('the source’s own label or name for the row'),
});

const oneOfBoth = ({ prompt, messages }: { prompt?: unknown; messages?: unknown }): boolean =>
  (prompt === undefined) !== (messages === undefined);
const wrong = { message: 'exactly one of prompt and messages is needed' };

/** One line of a data file. Unknown fields are left out, absent ones have plain defaults. */
export const rowSchema = rowFields.refine(oneOfBoth, wrong);

/** As `rowSchema`, but an unknown field is an error: what is committed shall not hold misspelt ones. */
export const strictRowSchema = rowFields.strict().refine(oneOfBoth, wrong);

export type Row = z.infer<typeof rowSchema>;
/** A row as it is written to a file. */
export type RowInput = z.input<typeof rowSchema>;
