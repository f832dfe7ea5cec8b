/** API keys as the operator's endpoints read and write them. */
import { z } from 'zod';
import { KEY_SCOPES } from '../core/access.ts';
import { TIERS } from '../core/tier.ts';

const name = z.string().min(1).max(200);
const count = z.int().min(1).max(1_000_000_000);
const usd = z.number().min(0);

const rights = {
  team: name.optional().describe('Team whose budget it draws on.'),
  scopes: z
    .array(z.enum(KEY_SCOPES))
    .min(1)
    .describe('`chat`: call models; `read`: see what was decided for everybody; `admin`: everything.'),
  models: z.array(name).min(1).optional().describe('Models it may use. Absent: all.'),
  tiers: z.array(z.enum(TIERS)).min(1).optional().describe('Tiers it may be answered from. Absent: all.'),
  requests_per_minute: count.optional(),
  tokens_per_minute: count.optional().describe('Input and output.'),
  concurrent: count.optional().describe('Requests in flight at once.'),
  budget_day_usd: usd.optional().describe('Most it may spend in a UTC day.'),
  budget_month_usd: usd.optional().describe('Most it may spend in a UTC month.'),
};

export const createKeyRequest = z.strictObject({
  name: name.describe('Shown in lists.'),
  ...rights,
  scopes: rights.scopes.default(['chat']),
  expires_at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('From then on it is refused. Absent: it does not expire.'),
});

const keyInfo = z.object({
  id: z.string().describe('Its label: the first 16 hex digits of its SHA-256, as decisions name it.'),
  name: z.string(),
  ...rights,
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().optional(),
  revoked_at: z.iso.datetime().optional(),
});

export const createKeyResponse = z.object({
  key: z.string().describe('The key itself. It is kept nowhere and shown this once.'),
  info: keyInfo,
});
export const keysResponse = z.object({ keys: z.array(keyInfo) });
export const revokeKeyResponse = keyInfo;
export type KeyInfo = z.input<typeof keyInfo>;
