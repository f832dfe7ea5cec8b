/** What monitors and clients ask of the service itself. */
import type { RequestHandler, Response } from 'express';
import type { Caller } from '../../core/access.ts';
import { RouterError } from '../../core/errors.ts';
import type { ProviderHealth } from '../../core/health.ts';
import type { JsonObject } from '../../core/json.ts';
import { AUTO_MODELS } from '../../routing/policy/override.ts';
import type { HttpDeps, LineupReport } from '../deps.ts';
import { identityOf } from '../identity.ts';
import { toWire } from '../wire.ts';

/** A fixed date for the `created` fields that both official clients expect of a model. */
const CREATED = Date.parse('2026-01-01T00:00:00Z');

/** True for what a key may ask for by this name: models by id and tier, `auto:<tier>` by tier, `auto` always. */
function isOffered(
  caller: Caller | undefined,
  { id, tier }: { id: string; tier?: string | undefined },
): boolean {
  const { models, tiers } = caller ?? {};
  const named = tier === undefined ? id.split(':')[1] : tier;
  if (tiers && named !== undefined && !tiers.some((allowed) => allowed === named)) return false;
  return tier === undefined || !models || models.includes(id);
}

interface Offer extends Record<string, unknown> {
  readonly id: string;
  readonly tier?: string;
}

/** What the caller may ask for, in the form that both official clients read. */
function createOffers(deps: HttpDeps): (res: Response) => Offer[] {
  const entry = (id: string, owner: string) => ({
    id,
    object: 'model',
    type: 'model',
    created: CREATED / 1_000,
    created_at: new Date(CREATED).toISOString(),
    display_name: id,
    owned_by: owner,
  });
  const routed = AUTO_MODELS.map((id) => entry(id, 'router'));
  const configured = deps.models.map((model) => ({
    ...entry(model.id, model.provider),
    tier: model.tier,
    context_window: model.contextWindow,
    price: model.price ? toWire(model.price) : null,
    capabilities: toWire(model.capabilities),
  }));
  const all: Offer[] = [...routed, ...configured];
  return (res) => all.filter((model) => isOffered(identityOf(res).caller, model));
}

/** `GET /v1/models`, readable by the OpenAI and the Anthropic clients: what the caller may ask for. */
export function createModels(deps: HttpDeps): RequestHandler {
  const offers = createOffers(deps);
  return (_req, res) => {
    const data = offers(res);
    const page = { has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
    res.json({ object: 'list', data, ...page });
  };
}

/** `GET /v1/models/:id`: one of them; `unknown_model` where the caller may not ask for it. */
export function createModel(deps: HttpDeps): RequestHandler {
  const offers = createOffers(deps);
  return (req, res) => {
    const offered = offers(res);
    const model = offered.find(({ id }) => id === req.params.id);
    if (!model) {
      const allowed = offered.map(({ id }) => id).join(', ');
      throw new RouterError('unknown_model', `model: no such model. Allowed: ${allowed}.`, {
        field: 'model',
      });
    }
    res.json(model);
  };
}

/** `GET /healthz`: the process runs. */
export function createHealth(): RequestHandler {
  return (_req, res) => {
    res.json({ status: 'ok' });
  };
}

/** What is amiss with the bundles; the router serves nevertheless. */
function notesOf({ serving, canary, shadow }: LineupReport): Record<string, string> {
  return {
    ...(serving === null ? { classifier: 'no bundle is loaded, keyword rules decide' } : {}),
    ...(canary && !canary.on ? { canary: `${canary.id} is switched off: ${canary.reason ?? ''}` } : {}),
    ...(shadow && !shadow.on ? { shadow: `the bundle ${shadow.id} is not loaded` } : {}),
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/** One upstream as the API shows it, times as ISO dates. */
function providerToWire({ provider, breaker, inFlight, queued, keys, callable }: ProviderHealth): JsonObject {
  const { state, since, retryAt, lastError } = breaker;
  return {
    provider,
    callable,
    breaker: state,
    since: iso(since),
    ...(retryAt === undefined ? {} : { retry_at: iso(retryAt) }),
    ...(lastError ? { last_error: { code: lastError.code, at: iso(lastError.at) } } : {}),
    in_flight: inFlight,
    queued,
    keys: keys.map(({ key, cooling }) => ({
      key,
      cooling: cooling.map(({ until, ...rest }) => ({ ...rest, until: iso(until) })),
    })),
  };
}

/** Names the upstreams whose breaker is not closed. */
function breakerNote(health: readonly ProviderHealth[]): Record<string, string> {
  const resting = health.filter(({ breaker }) => breaker.state !== 'closed');
  const say = ({ provider, breaker: { state, since, lastError } }: ProviderHealth): string =>
    `${provider} ${state.replace('_', '-')} since ${iso(since)}${lastError ? ` (${lastError.code})` : ''}`;
  return resting.length === 0 ? {} : { providers: resting.map(say).join(', ') };
}

/** `GET /readyz`: it can serve; 503 names what is missing. */
export function createReady(deps: HttpDeps): RequestHandler {
  return async (_req, res) => {
    const checks = await deps.notReady();
    const ready = Object.keys(checks).length === 0;
    const providers = deps.providers();
    const notes = { ...notesOf(deps.lineup()), ...breakerNote(providers) };
    res.status(ready ? 200 : 503).json({
      status: ready ? 'ready' : 'unavailable',
      checks,
      ...(Object.keys(notes).length === 0 ? {} : { notes }),
      providers: providers.map(providerToWire),
    });
  };
}

/** `GET /metrics`: what Prometheus reads. */
export function createMetrics(deps: HttpDeps): RequestHandler {
  return async (_req, res) => {
    const { contentType, text } = await deps.metrics();
    res.type(contentType).send(text);
  };
}
