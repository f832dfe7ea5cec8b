import type { KeyAdmin, KeyRing, RateLimits } from '../core/access.ts';

/** What the HTTP layer needs to know who calls and what they may. */
export interface HttpAccess {
  /** `required`: a key for everything. `local`: none for programs of this machine until there is a key. `off`: none. */
  readonly auth: 'required' | 'local' | 'off';
  readonly keyRing: KeyRing;
  readonly keys: KeyAdmin;
  readonly limits: RateLimits;
  /** Counts a wrong key by its sender's address; seconds to wait where there were too many. */
  readonly countFailure: (address: string) => Promise<number | undefined>;
  /** Paths that answer anybody, whatever `auth` says. */
  readonly openPaths: readonly string[];
  /** Web origins whose pages may call from a browser. */
  readonly corsOrigins: readonly string[];
}
