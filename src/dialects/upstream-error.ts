import type { ErrorCode } from '../core/errors.ts';
import { RouterError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';

const MAX_QUOTE = 500;

const SECRETS: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|key|tgp|hf|nvapi)[-_](?=[\w.-]*[\d*])[\w*.-]{4,}/g,
  /\bAIza[\w-]{10,}/g,
  /\bBearer\s+\S+/gi,
  /\b(?=[A-Za-z]*\d)[A-Za-z0-9]{32,}\b/g,
];

/** The text without anything that looks like a key. */
function maskSecrets(text: string): string {
  return SECRETS.reduce((masked, pattern) => masked.replace(pattern, '[hidden]'), text);
}

const CONTEXT_TOO_LONG =
  /context[_ ]?(length|window|size|limit)|maximum context|prompt is too long|input is too long|too many (input )?tokens|input tokens? (count )?exceeds|reduce the length/i;

/** What a refused request says that another model may take. */
const MODEL_SPECIFIC: readonly RegExp[] = [
  /unsupported[_ ](parameter|value|model|content|tool)|(not|n['’]t) (currently )?support(ed)?\b/i,
  /(unknown|unrecognized|unexpected|extra) (request )?(parameter|argument|field|name|key|input)s?/i,
  /model[_ ]not[_ ]found|(model|deployment)\b.{0,120}\b(not (be )?(found|available)|does not exist|no longer|deprecated|decommissioned)/is,
];

/** True where the refusal is of the model or of what it cannot do, not of the request as such. */
function isModelSpecific(status: number, error: JsonObject, message: string): boolean {
  if (status === 404 || status === 413) return true;
  const said = `${String(error.code ?? '')} ${String(error.type ?? '')} ${message.slice(0, 4 * MAX_QUOTE)}`;
  return MODEL_SPECIFIC.some((pattern) => pattern.test(said));
}

const PAGE = /^\s*<(?:!doctype|html|head|\?xml)\b/i;
const TITLE = /<title[^>]*>([^<]*)<\/title>/i;

/** A text as it may be quoted: of a gateway's page its title. */
function readable(text: string): string | undefined {
  const said = (PAGE.test(text) ? (TITLE.exec(text)?.[1] ?? '') : text).trim();
  return said === '' ? undefined : said;
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return readable(value);
  if (Array.isArray(value)) return textOf(value[0]);
  if (isJsonObject(value)) return textOf(value.message ?? value.msg ?? value.detail ?? value.error);
  return undefined;
}

/** The error object of a body in any of the shapes gateways use: `{error}`, a bare error, a list of them. */
function errorObject(body: unknown): JsonObject {
  const value = Array.isArray(body) ? body[0] : body;
  if (!isJsonObject(value)) return typeof value === 'string' ? { message: value } : {};
  return isJsonObject(value.error) ? value.error : value;
}

/** Keys and accounts that some providers refuse with status 400, as if the request were at fault. */
const ACCOUNT =
  /api[ _]?key (?:is )?(?:not valid|invalid|expired)|(?:incorrect|invalid) api[ _]?key|credit balance is too low|insufficient balance/i;

/** Codes of answers in which the model got a format wrong: it, or another one, may get it right. */
const MODEL_FAILED: ReadonlySet<unknown> = new Set([
  'tool_use_failed',
  'json_validate_failed',
  'output_parse_failed',
]);

function codeOf(status: number, error: JsonObject, message: string): ErrorCode {
  if (status === 400 && ACCOUNT.test(message)) return 'upstream_auth';
  if (MODEL_FAILED.has(error.code)) return 'upstream_error';
  if (status === 401 || status === 402 || status === 403) return 'upstream_auth';
  if (status === 429) return 'upstream_rate_limited';
  if (status === 408 || status === 504) return 'upstream_timeout';
  if (status === 409 || status === 425 || status < 400 || status >= 500) return 'upstream_error';
  const long = CONTEXT_TOO_LONG.test(`${String(error.code ?? '')} ${message}`);
  return long ? 'context_too_long' : 'upstream_rejected';
}

/** Seconds that Google's APIs ask to wait, in the body: `{"retryDelay": "17s"}` among the details. */
function retryDelayOf({ details }: JsonObject): number | undefined {
  const delays = Array.isArray(details) ? details.filter(isJsonObject) : [];
  const [delay] = delays.flatMap(
    ({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(String(retryDelay))?.[1] ?? [],
  );
  return delay === undefined ? undefined : Number(delay);
}

const SAYS: Partial<Record<ErrorCode, string>> = {
  upstream_auth: 'The model provider refused the router’s credentials',
  upstream_rate_limited: 'The model provider is rate limiting the router',
  upstream_timeout: 'The model provider did not answer in time',
  upstream_rejected: 'The model provider refused the request',
  context_too_long: 'The prompt is too long for the model',
};

/**
 * What an upstream's error answer means. The upstream's own text is quoted for 4xx only, shortened and with
 * keys masked; of a 5xx only the status is told.
 */
export function decodeUpstreamError(status: number, body: unknown, retryAfterSeconds?: number): RouterError {
  const error = errorObject(body);
  const text = textOf(error) ?? '';
  const code = codeOf(status, error, text);
  const quote =
    status >= 400 && status < 500 ? maskSecrets(text.slice(0, 4 * MAX_QUOTE)).slice(0, MAX_QUOTE) : '';
  const retryAfter = retryAfterSeconds ?? retryDelayOf(error);
  const says = `${SAYS[code] ?? 'The model provider failed'} (status ${status})`;
  return new RouterError(code, quote === '' ? `${says}.` : `${says}: ${quote}`, {
    upstreamStatus: status,
    modelSpecific: code === 'upstream_rejected' && isModelSpecific(status, error, text),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter }),
  });
}

/** The status that the type or code of an error inside a 200 answer or a stream stands for. */
function statusOf(error: JsonObject): number {
  for (const value of [error.code, error.status, error.status_code]) {
    const status = Number(value);
    if (Number.isInteger(status) && status >= 400 && status < 600) return status;
  }
  const name = `${String(error.type ?? '')} ${String(error.code ?? '')}`;
  if (/rate_?limit|insufficient_quota/.test(name)) return 429;
  if (/overloaded/.test(name)) return 529;
  if (/timeout/.test(name)) return 504;
  if (/authentication|permission|api_key|billing/.test(name)) return 401;
  if (/too_large/.test(name)) return 413;
  if (/invalid_(request|prompt|image)|tool_use_failed|not_found|context_length/.test(name)) return 400;
  return 500;
}

/** What an error object inside a stream, or inside an answer with status 200, means. */
export function decodeEmbeddedError(body: unknown): RouterError {
  return decodeUpstreamError(statusOf(errorObject(body)), body);
}

/** An upstream stream that ended, or said something, that no answer can be read from. */
export function brokenStream(code: 'upstream_error' | 'upstream_malformed', what: string): RouterError {
  return new RouterError(code, `The model provider’s stream ${what}.`);
}
