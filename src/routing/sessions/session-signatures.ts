/** Which model made which thinking: a signature, or encrypted reasoning, is worth something to its maker only. */
import { createHash } from 'node:crypto';
import type { ChatEvent, Part } from '../../core/chat.ts';
import type { Clock } from '../../core/ports.ts';
import { createLru } from '../lru.ts';

export interface SignatureMakers {
  learn(signature: string, maker: string): void;
  /** The model that made it; undefined where this process has not seen it made. */
  makerOf(signature: string): string | undefined;
}

/** Bytes of a signature's hash that tell it from others. */
const HASH_BYTES = 12;

export interface SignatureMakersOptions {
  /** Signatures remembered at most. */
  readonly entries: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Keeps hashes only: from a signature nothing of the thinking can be read here. */
export function createSignatureMakers(options: SignatureMakersOptions): SignatureMakers {
  const makers = createLru<string>(options);
  const keyOf = (signature: string): string =>
    createHash('sha256').update(signature).digest().subarray(0, HASH_BYTES).toString('base64');
  return {
    learn: (signature, maker) => makers.set(keyOf(signature), maker),
    makerOf: (signature) => makers.get(keyOf(signature)),
  };
}

/** The signature, or the encrypted reasoning, of a part; undefined for parts without. */
export function signatureOf(part: Part): string | undefined {
  return part.type === 'thinking' ? (part.signature ?? part.redacted) : undefined;
}

/** Collects the signatures of a stream, whose pieces may come in several events. */
export function createSignatureReader(learn: (signature: string) => void): (event: ChatEvent) => void {
  let pieces = '';
  return (event) => {
    if (event.type === 'thinking_signature') {
      pieces += event.signature;
      return;
    }
    if (pieces !== '') learn(pieces);
    pieces = '';
    if (event.type === 'redacted_thinking') learn(event.data);
  };
}
