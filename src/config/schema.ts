/** The strict schema of the configuration file. Defaults stand beside their fields; descriptions become the reference. */
import { z } from 'zod';
import { DIALECT_IDS } from '../core/chat.ts';
import { TIERS } from '../core/tier.ts';

const tier = z.enum(TIERS);
const id = z.string().min(1).max(200);
const milliseconds = z.int().min(1).max(3_600_000);
const usdPerMillion = z.number().min(0).max(10_000);

const server = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1').describe('Address to listen on. `HOST` overrides it.'),
    port: z.int().min(0).max(65_535).default(8787).describe('Port to listen on. `PORT` overrides it.'),
    body_limit_mb: z.number().positive().max(1024).default(25).describe('Largest request body, in MiB.'),
    drain_timeout_ms: milliseconds
      .default(30_000)
      .describe('On SIGTERM, how long requests in flight may still take.'),
  })
  .describe('The HTTP server.');

const store = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .default('.router/router.db')
      .describe('SQLite file, created when missing; `:memory:` keeps nothing. `ROUTER_STORE` overrides it.'),
    text: z
      .enum(['full', 'redacted', 'features', 'none'])
      .default('redacted')
      .describe(
        'What is kept of a prompt: all of it (`full`); all but secrets, e-mail addresses, phone and card numbers (`redacted`); the token ids of the bundle that serves at start, after the same redaction (`features`: common words can be read back with the bundle, rare words, names and digits cannot); or nothing (`none`: such rows cannot be trained on).',
      ),
    retention_days: z
      .number()
      .positive()
      .max(36_500)
      .optional()
      .describe(
        'Decisions older than this are deleted with their outcomes and feedback, at start and every hour. Absent: kept for ever.',
      ),
  })
  .describe('Where decisions, outcomes and feedback are kept.');

const canary = z
  .strictObject({
    id: id.describe('Its id below the folder of bundles, or its folder.'),
    share: z
      .number()
      .min(0)
      .max(1)
      .default(0.05)
      .describe('Share of the sessions it decides for; of single requests where there is no session.'),
    max_escalation_rate: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('It is switched off when more of its requests than this escalate, for sure.'),
    max_down_rate: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('It is switched off when more of its thumbs than this point down, for sure.'),
    min_requests: z
      .int()
      .min(1)
      .default(50)
      .describe('Fewest finished requests, or thumbs, that a limit judges by.'),
    check_every_s: z.int().min(1).max(3_600).default(30).describe('How often the limits are looked at.'),
  })
  .describe(
    "A second bundle that decides for a share of the traffic. It is switched off, until the next start, when the lower bound of a rate's 95 % interval exceeds its limit.",
  );

const classifier = z
  .strictObject({
    bundle: z
      .string()
      .min(1)
      .default('models')
      .describe(
        'A classifier bundle: its folder, its id below `models/`, or a folder of bundles whose `current` names one. `ROUTER_MODEL` overrides it.',
      ),
    labels: z
      .record(z.string(), tier)
      .optional()
      .describe('Label to tier, for a sequence-classification model whose labels are not tier names.'),
    doubt_below: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe("Confidence below which a prediction is doubtful. Default: the bundle's calibrated value."),
    simple_from: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        "P(simple) below which a prediction `simple` is doubtful too. Default: the bundle's calibrated value, if any.",
      ),
    watch: z
      .boolean()
      .default(true)
      .describe(
        "Load another bundle when the folder's `current` names it. SIGHUP and the admin endpoint do so too.",
      ),
    shadow: id
      .optional()
      .describe(
        'A second bundle, by its id or folder, that decides nothing: its answer is kept with each decision.',
      ),
    canary: canary.optional(),
  })
  .describe('The local classifier.');

const admin = z
  .strictObject({
    remote: z
      .boolean()
      .default(false)
      .describe('Answer `/v1/admin/` to other machines too. Only behind something that checks who asks.'),
  })
  .describe('The endpoints of the operator.');

const judge = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .default('auto')
      .describe(
        'Model id of the nano LLM asked in doubt; `auto` takes the cheapest model of the simple tier, `none` asks nobody (doubt then goes one tier up).',
      ),
    timeout_ms: milliseconds.default(2_000).describe('Deadline of one question.'),
    daily_budget_usd: z
      .number()
      .min(0)
      .default(1)
      .describe('Most that the judge may spend in a UTC day; then doubt goes one tier up.'),
    cache_entries: z.int().min(0).max(1_000_000).default(10_000).describe('Answers kept in memory.'),
    cache_ttl_s: z.int().min(1).default(86_400).describe('How long an answer is kept.'),
    breaker_failures: z.int().min(1).default(5).describe('Failures in a row that stop asking for a while.'),
    breaker_cooldown_ms: milliseconds.default(30_000).describe('How long asking then stops.'),
  })
  .describe('The nano-LLM judge.');

const exploration = z
  .strictObject({
    rate: z
      .number()
      .min(0)
      .max(0.5)
      .default(0)
      .describe(
        'Probability with which a doubtful request goes one tier up (or down, where allowed) by chance. Every decision logs the probability of its tier.',
      ),
    allow_down: z.boolean().default(false).describe('Explore one tier down as well as up.'),
  })
  .describe('Chance in doubtful decisions, by which logs can tell what another threshold would have done.');

const provider = z
  .strictObject({
    dialect: z.enum(DIALECT_IDS).default('openai-chat').describe('Wire format it speaks.'),
    base_url: z
      .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
      .describe('Base URL; `/chat/completions` or `/messages` is appended.'),
    key_env: z
      .string()
      .regex(/^[A-Z][A-Z0-9_]*$/, 'must be the NAME of an environment variable, e.g. OPENAI_API_KEY')
      .optional()
      .describe(
        'Environment variable that holds its key; without the variable its models are left out. Absent: no key is needed.',
      ),
    headers: z.record(z.string(), z.string()).default({}).describe('Extra headers of each call.'),
    timeout_ms: milliseconds.default(120_000).describe('Most that a whole unstreamed answer may take.'),
    first_byte_timeout_ms: milliseconds.default(60_000).describe('Most that the first byte may take.'),
    idle_timeout_ms: milliseconds.default(30_000).describe('Longest silence within a stream.'),
    output_limit_field: z
      .enum(['max_tokens', 'max_completion_tokens'])
      .optional()
      .describe('The one name it knows the output ceiling by, where it refuses the other.'),
    refuses: z
      .array(z.string().min(1))
      .default([])
      .describe('Body fields it refuses; they are left out and listed as dropped.'),
    max_concurrent: z.int().min(1).default(256).describe('Calls in flight at once; more wait in line.'),
  })
  .describe('An upstream.');

const price = z
  .strictObject({
    input: usdPerMillion.describe('USD per million input tokens.'),
    output: usdPerMillion.describe('USD per million output tokens.'),
    cached_input: usdPerMillion.optional().describe('USD per million input tokens read from a prompt cache.'),
    cache_write: usdPerMillion.optional().describe('USD per million input tokens written to a prompt cache.'),
    as_of: z.iso.date().describe('The day the price was read.'),
  })
  .describe('Price; without it every cost of the model is unknown (never zero).');

const model = z
  .strictObject({
    id: id.describe('Our name for it; a request with this model is pinned to it.'),
    provider: id.describe('Id of the provider that serves it.'),
    upstream_model: z.string().min(1).optional().describe("The provider's name for it. Default: `id`."),
    tier: tier.describe('The tier it serves.'),
    price: price.optional(),
    context_window: z.int().min(256).default(128_000).describe('Tokens.'),
    max_output_tokens: z.int().min(1).optional().describe('Most tokens it can write.'),
    tools: z.boolean().default(true).describe('It can call tools.'),
    vision: z.boolean().default(false).describe('It reads images.'),
    json: z.boolean().default(true).describe('It honours JSON mode and JSON schemas.'),
    streaming: z.boolean().default(true).describe('It streams.'),
    refuses: z.array(z.string().min(1)).default([]).describe('Body fields this model refuses.'),
  })
  .describe('A model.');

const validator = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('non_empty') }).describe('The answer has text or a tool call.'),
    z.strictObject({ type: z.literal('json') }).describe('The text is one JSON value.'),
    z
      .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.json()) })
      .describe('The text is JSON that fits `schema`.'),
    z
      .strictObject({
        type: z.literal('regex'),
        pattern: z.string().min(1).max(1_000),
        flags: z
          .string()
          .regex(/^[imsu]*$/)
          .default(''),
      })
      .describe('The text matches `pattern`.'),
    z
      .strictObject({
        type: z.literal('labels'),
        labels: z.array(z.string().min(1)).min(1),
        case_sensitive: z.boolean().default(false),
      })
      .describe('The text, trimmed, is one of `labels`.'),
  ])
  .describe('A check of an answer; a failed one sends the request one tier up.');

const route = z
  .strictObject({
    name: id.describe('Shown in decisions and stats.'),
    match: z
      .strictObject({
        path: z
          .string()
          .startsWith('/')
          .optional()
          .describe('Request path; a trailing `*` matches any rest.'),
        headers: z.record(z.string(), z.string()).optional().describe('Header values, names in any case.'),
        metadata: z.record(z.string(), z.string()).optional().describe("Values of the body's `metadata`."),
        api_key_sha256: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional()
          .describe("SHA-256 (hex) of the caller's API key."),
      })
      .refine((match) => Object.values(match).some((value) => value !== undefined), {
        message: 'must name at least one of path, headers, metadata, api_key_sha256',
      })
      .describe('All that is named must match.'),
    tier: tier.optional().describe('Tier of its requests; absent: the classifier decides.'),
    model: id.optional().describe('Model of its requests, instead of a tier.'),
    max_output_tokens: z.int().min(1).optional().describe('Ceiling where the caller gives none.'),
    validators: z.array(id).default([]).describe('Names of validators its answers must pass.'),
  })
  .refine((value) => !(value.tier && value.model), {
    message: 'set tier or model, not both',
    path: ['model'],
  })
  .describe('A static route; the first match wins.');

const execution = z
  .strictObject({
    retries: z
      .int()
      .min(0)
      .max(10)
      .default(1)
      .describe('Further tries of the same model on a passing failure.'),
    max_attempts: z
      .int()
      .min(1)
      .max(50)
      .default(6)
      .describe('Models tried for one request, escalations included.'),
    deadline_ms: milliseconds.default(180_000).describe('After this no further attempt starts.'),
    breaker_failures: z.int().min(1).default(5).describe("Failures in a row that open a provider's breaker."),
    breaker_cooldown_ms: milliseconds.default(15_000).describe('How long it then stays open.'),
    expected_output_tokens: z
      .int()
      .min(1)
      .default(400)
      .describe('Output length assumed in cost estimates where the caller gives no ceiling.'),
  })
  .describe('How a plan is carried out.');

export const configSchema = z
  .strictObject({
    server: server.prefault({}),
    store: store.prefault({}),
    classifier: classifier.prefault({}),
    judge: judge.prefault({}),
    admin: admin.prefault({}),
    exploration: exploration.prefault({}),
    execution: execution.prefault({}),
    builtin_catalog: z
      .boolean()
      .default(true)
      .describe('Start from the built-in providers and models; entries here with the same id replace them.'),
    providers: z.record(id, provider).default({}).describe('Upstreams by id.'),
    models: z.array(model).default([]).describe('Models.'),
    validators: z.record(id, validator).default({}).describe('Named checks of answers.'),
    routes: z.array(route).default([]).describe('Static routes, first match wins.'),
  })
  .describe('Configuration of the router.');

/** The file as a user may write it. */
export type ConfigInput = z.input<typeof configSchema>;
/** The file with its defaults filled in. */
export type ConfigFile = z.output<typeof configSchema>;
export type ProviderConfig = z.output<typeof provider>;
export type ModelConfig = z.output<typeof model>;
