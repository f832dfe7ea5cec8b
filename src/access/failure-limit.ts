import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Counts wrong keys by the address they come from. */
export interface FailureLimit {
  /** One more. Seconds until the next is answered as any other, where there were too many; else undefined. */
  count(address: string): Promise<number | undefined>;
}

/** One household of IPv6 has 2^64 addresses: they count as one. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  return address.split(':').slice(0, 4).join(':');
}

/** `perMinute` wrong keys of one address are answered; further ones are told to wait. */
export function createFailureLimit(perMinute: number): FailureLimit {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return {
    async count(address) {
      try {
        await limiter.consume(networkOf(address));
        return undefined;
      } catch (counted) {
        if (!(counted instanceof RateLimiterRes)) throw counted;
        return Math.max(1, Math.ceil(counted.msBeforeNext / 1_000));
      }
    },
  };
}
