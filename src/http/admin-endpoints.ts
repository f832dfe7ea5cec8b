/** The operator's endpoints. They live apart: `onlyLocal` stands before every one of them. */
import { z } from 'zod';
import type { Endpoint } from './endpoint.ts';
import { createReload } from './endpoints/admin.ts';
import { onlyLocal } from './only-local.ts';

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
];

function guarded(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    handler: (deps) => (deps.adminRemote ? endpoint.handler(deps) : onlyLocal(endpoint.handler(deps))),
  };
}

export const ADMIN_ENDPOINTS: readonly Endpoint[] = OPERATOR.map(guarded);
