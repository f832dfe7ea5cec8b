import type { Part } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { type Block, citationsOf, decodeBlock } from './content-blocks.ts';

/** The parts of one block of an answer. Throws `upstream_malformed`: the block is the upstream's, not the caller's. */
export function decodeAnswerBlock(block: Block, path: string): readonly Part[] {
  try {
    return [decodeBlock(block, path), ...citationsOf(block)];
  } catch (error) {
    const field = error instanceof RouterError ? (error.field ?? path) : path;
    throw new RouterError('upstream_malformed', `The model provider sent an unreadable answer at ${field}.`, {
      field,
      cause: error,
    });
  }
}
