/** What bounds a request may set, and how their values are written in headers, metadata and configuration. */
import type { ChatRequest } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { isTier, TIERS, type Tier } from '../../core/tier.ts';

/** Bounds as one level sets them (a request, a route, the policy), under the names of the configuration. */
export interface BoundSettings {
  readonly min_tier?: Tier | undefined;
  readonly max_tier?: Tier | undefined;
  /** 0 to 1. */
  readonly quality?: number | undefined;
  /** USD, estimated, with the expected output. */
  readonly max_cost_usd?: number | undefined;
  /** Where no model fits the ceiling, the cheapest answers instead of an error. */
  readonly max_cost_soft?: boolean | undefined;
  /** Among models that would do: the cheapest first, else the best declared quality first. */
  readonly prefer_cost?: boolean | undefined;
  readonly upgrades?: boolean | undefined;
  readonly downgrades?: boolean | undefined;
  readonly batch_eligible?: boolean | undefined;
}

export type BoundName = keyof BoundSettings;

interface Reader<T> {
  /** Undefined where the text is not a value. */
  readonly read: (text: string) => T | undefined;
  readonly allowed: string;
}

/** A decimal number without sign; `0x10`, `1e999` and the empty text are none. */
const DECIMAL = /^\d{1,9}(?:\.\d{1,12})?(?:e-?\d{1,2})?$/i;

function number(allowed: string, within: (value: number) => boolean): Reader<number> {
  return {
    allowed,
    read: (text) => (DECIMAL.test(text) && within(Number(text)) ? Number(text) : undefined),
  };
}

const TIER: Reader<Tier> = {
  allowed: TIERS.join(', '),
  read: (text) => (isTier(text.toLowerCase()) ? (text.toLowerCase() as Tier) : undefined),
};
const FLAG: Reader<boolean> = {
  allowed: 'true, false',
  read: (text) => ({ true: true, false: false })[text.toLowerCase()],
};

const READERS: { readonly [Name in BoundName]-?: Reader<NonNullable<BoundSettings[Name]>> } = {
  min_tier: TIER,
  max_tier: TIER,
  quality: number('a number from 0 to 1', (value) => value <= 1),
  max_cost_usd: number('a number of US dollars above 0, e.g. 0.005', (value) => value > 0),
  max_cost_soft: FLAG,
  prefer_cost: FLAG,
  upgrades: FLAG,
  downgrades: FLAG,
  batch_eligible: FLAG,
};

export const BOUND_NAMES = Object.keys(READERS) as readonly BoundName[];

/** `x-router-min-tier`. */
function headerOf(name: BoundName): string {
  return `x-router-${name.replaceAll('_', '-')}`;
}

/** `router_min_tier`. */
function metadataKeyOf(name: BoundName): string {
  return `router_${name}`;
}

function readValue(name: BoundName, value: JsonValue, field: string): JsonValue {
  const text = typeof value === 'object' ? '' : String(value).trim();
  const { read, allowed } = READERS[name];
  const read_ = read(text);
  if (read_ !== undefined) return read_;
  const shown = text.length > 50 ? `${text.slice(0, 50)}…` : text;
  throw new RouterError('invalid_request', `${field}: "${shown}" is not valid; allowed: ${allowed}.`, {
    field,
  });
}

/** A bound that a request sets, and where: the header goes before the body's metadata. */
export interface RequestBounds {
  readonly settings: BoundSettings;
  /** Header or field by bound. */
  readonly fields: Readonly<Partial<Record<BoundName, string>>>;
}

/** Reads the bounds of a request, of metadata as it was sent: values that are no text count too. Throws `invalid_request` that names the header or field and what is allowed. */
export function readRequestBounds(
  request: Pick<ChatRequest, 'raw'>,
  headers: Readonly<Record<string, string>>,
): RequestBounds {
  const metadata = isJsonObject(request.raw.metadata) ? request.raw.metadata : {};
  const settings: Partial<Record<BoundName, JsonValue>> = {};
  const fields: Partial<Record<BoundName, string>> = {};
  for (const name of BOUND_NAMES) {
    const header = headers[headerOf(name)];
    const inBody = Object.hasOwn(metadata, metadataKeyOf(name)) ? metadata[metadataKeyOf(name)] : undefined;
    const value = header ?? inBody;
    if (value === undefined || value === null) continue;
    const field = header === undefined ? `metadata.${metadataKeyOf(name)}` : headerOf(name);
    settings[name] = readValue(name, value, field);
    fields[name] = field;
  }
  return { settings: settings as BoundSettings, fields };
}

/** The keys of `metadata` that speak to the router, which no upstream is to see: some refuse unknown keys. */
const OWN_KEYS: ReadonlySet<string> = new Set([...BOUND_NAMES.map(metadataKeyOf), 'router_task']);

/** The request without the metadata that only the router reads; `metadata` goes where nothing else is in it. */
export function withoutRouterMetadata(request: ChatRequest): ChatRequest {
  const { metadata: sent } = request.raw;
  if (!isJsonObject(sent) || !Object.keys(sent).some((key) => OWN_KEYS.has(key))) return request;
  const kept: JsonObject = Object.fromEntries(Object.entries(sent).filter(([key]) => !OWN_KEYS.has(key)));
  const { metadata: _, ...rest } = request.raw;
  const raw: JsonObject =
    Object.keys(kept).length === 0
      ? rest
      : Object.fromEntries(
          Object.entries(request.raw).map(([key, value]) => [key, key === 'metadata' ? kept : value]),
        );
  const metadata = Object.fromEntries(Object.entries(request.metadata).filter(([key]) => !OWN_KEYS.has(key)));
  return { ...request, raw, metadata };
}
