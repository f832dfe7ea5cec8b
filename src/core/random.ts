/**
 * Reproducible draws from 0 to 1: the same seed gives the same sequence on every machine. Mulberry32 by Tommy Ettinger:
 * 32 bits of state, passes gjrand's tests; not for secrets.
 */
export function createDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
