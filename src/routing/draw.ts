import { createHash } from 'node:crypto';

/** Bytes of the hash that are read: as many as a double holds exactly. */
const BYTES = 6;

/** A number in [0, 1) that is always the same for the same text and evenly spread over texts. */
export function drawOf(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, BYTES) / 2 ** (8 * BYTES);
}
