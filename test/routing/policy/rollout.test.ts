import { describe, expect, it } from 'vitest';
import { isRolledOut } from '../../../src/routing/policy/rollout.ts';

const SESSIONS = Array.from({ length: 2_000 }, (_, index) => `s-${index}`);
const inside = (share: number): string[] =>
  SESSIONS.filter((session) => isRolledOut({ share, otherwise: 'complex' }, { session, decision: 'd' }));

describe('a roll-out', () => {
  it('routes about its share, none at 0 and all at 1', () => {
    expect(inside(0)).toHaveLength(0);
    expect(inside(1)).toHaveLength(SESSIONS.length);
    expect(inside(0.1).length).toBeGreaterThan(140);
    expect(inside(0.1).length).toBeLessThan(260);
  });

  it('keeps those inside that are inside as the share grows', () => {
    const [small, large] = [inside(0.1), new Set(inside(0.3))];
    expect(small.every((session) => large.has(session))).toBe(true);
  });

  it('draws a session the same whatever its decision, a user where there is no session, else the request', () => {
    const rollout = { share: 0.5, otherwise: 'complex' };
    const draws = (unit: (index: number) => object): Set<boolean> =>
      new Set(
        Array.from({ length: 64 }, (_, index) =>
          isRolledOut(rollout, { decision: `d-${index}`, ...unit(index) }),
        ),
      );
    expect(draws((index) => ({ session: 's', user: `u-${index}` })).size).toBe(1);
    expect(draws(() => ({ user: 'u' })).size).toBe(1);
    expect(draws(() => ({})).size).toBe(2);
  });
});
