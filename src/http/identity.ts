import type { Response } from 'express';
import type { Admission, Caller } from '../core/access.ts';

/** What authentication found out about a request; kept beside its response. */
export interface Identity {
  /** SHA-256 of the key that counts; absent where none was sent. */
  readonly apiKeySha256?: string;
  readonly caller?: Caller;
  readonly admission?: Admission;
}

export function identityOf(res: Response): Identity {
  const { identity } = res.locals as { identity?: Identity };
  return identity ?? {};
}

export function setIdentity(res: Response, identity: Identity): void {
  Object.assign(res.locals, { identity });
}
