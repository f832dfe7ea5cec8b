/** The operator's endpoints. They live apart: `onlyOperator` stands before every one of them. */
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';
import { createReload } from './endpoints/admin.ts';
import { createKey, listKeys, revokeKey } from './endpoints/keys.ts';
import { createKeyRequest, createKeyResponse, keysResponse, revokeKeyResponse } from './key-schemas.ts';
import { onlyOperator } from './only-local.ts';

const reloadResponse = z.object({
  status: z.enum(['loaded', 'failed']),
  serving: z.string().optional().describe('Id of the bundle that serves now; absent where none does.'),
  previous: z.string().optional().describe('Id of the bundle that served before.'),
  reason: z.string().optional().describe('Why the new one was refused.'),
});

const OPERATOR: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/admin/reload',
    summary:
      'Load the classifier bundle that `current` names; 422 says why it was refused and what serves on',
    response: reloadResponse,
    handler: createReload,
  },
  {
    method: 'post',
    path: '/v1/admin/keys',
    summary: 'Create an API key; the answer is the only place it is ever shown in',
    body: createKeyRequest,
    response: createKeyResponse,
    handler: createKey,
  },
  {
    method: 'get',
    path: '/v1/admin/keys',
    summary: 'Every API key by its label: holder, rights, expiry, revocation',
    response: keysResponse,
    handler: listKeys,
  },
  {
    method: 'delete',
    path: '/v1/admin/keys/:id',
    summary: 'Revoke the API key with this label, at once',
    response: revokeKeyResponse,
    handler: revokeKey,
  },
];

function guarded(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    scope: 'admin',
    handler: (deps) => onlyOperator(endpoint.handler(deps), deps.adminRemote),
  };
}

export const ADMIN_ENDPOINTS: readonly Endpoint[] = OPERATOR.map(guarded);
