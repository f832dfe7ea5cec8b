/** API keys: what the operator creates, lists and revokes. */
import type { RequestHandler } from 'express';
import type { z } from 'zod';
import type { ApiKey, NewApiKey } from '../../core/access.ts';
import { RouterError } from '../../core/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { createKeyRequest, type KeyInfo } from '../key-schemas.ts';
import { parseBody } from '../parse-body.ts';

type Wanted = z.output<typeof createKeyRequest>;

/** The value under a name, where there is one. */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: V });
}

const time = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString();

function newKey(wanted: Wanted): NewApiKey {
  const expiresAt = wanted.expires_at === undefined ? undefined : Date.parse(wanted.expires_at);
  return {
    name: wanted.name,
    scopes: wanted.scopes,
    ...given('team', wanted.team),
    ...given('models', wanted.models),
    ...given('tiers', wanted.tiers),
    ...given('expiresAt', expiresAt),
    limits: {
      ...given('requestsPerMinute', wanted.requests_per_minute),
      ...given('tokensPerMinute', wanted.tokens_per_minute),
      ...given('concurrent', wanted.concurrent),
    },
    budget: { ...given('dayUsd', wanted.budget_day_usd), ...given('monthUsd', wanted.budget_month_usd) },
  };
}

function infoOf(key: ApiKey): KeyInfo {
  const { limits, budget } = key;
  return {
    id: key.key,
    name: key.name,
    ...given('team', key.team),
    scopes: [...key.scopes],
    ...given('models', key.models && [...key.models]),
    ...given('tiers', key.tiers && [...key.tiers]),
    ...given('requests_per_minute', limits?.requestsPerMinute),
    ...given('tokens_per_minute', limits?.tokensPerMinute),
    ...given('concurrent', limits?.concurrent),
    ...given('budget_day_usd', budget?.dayUsd),
    ...given('budget_month_usd', budget?.monthUsd),
    created_at: new Date(key.createdAt).toISOString(),
    ...given('expires_at', time(key.expiresAt)),
    ...given('revoked_at', time(key.revokedAt)),
  };
}

function checkModels(wanted: Wanted, deps: HttpDeps): void {
  const known = new Set(deps.models.map(({ id }) => id));
  const stranger = wanted.models?.find((model) => !known.has(model));
  if (stranger === undefined) return;
  throw new RouterError('invalid_request', `models: no configured model is called "${stranger}".`, {
    field: 'models',
  });
}

/** `POST /v1/admin/keys`. */
export function createKey(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const wanted = parseBody(createKeyRequest, req.body);
    checkModels(wanted, deps);
    const { secret, key } = await deps.access.keys.create(newKey(wanted));
    res.setHeader('cache-control', 'no-store');
    res.json({ key: secret, info: infoOf(key) });
  };
}

/** `GET /v1/admin/keys`. */
export function listKeys(deps: HttpDeps): RequestHandler {
  return async (_req, res) => {
    res.json({ keys: (await deps.access.keys.list()).map(infoOf) });
  };
}

/** `DELETE /v1/admin/keys/:id`. Revoking twice is no error. */
export function revokeKey(deps: HttpDeps): RequestHandler {
  return async (req, res) => {
    const revoked = await deps.access.keys.revoke(String(req.params.id));
    if (!revoked)
      throw new RouterError('not_found', 'id: no created API key has this label.', { field: 'id' });
    res.json(infoOf(revoked));
  };
}
