import type { Part } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import { type Block, decodeBlock } from './content-blocks.ts';

/** One block of an answer. Throws `upstream_malformed`: the block is the upstream's, not the caller's. */
export function decodeAnswerBlock(block: Block, path: string): Part {
  try {
    return decodeBlock(block, path);
  } catch (error) {
    const field = error instanceof RouterError ? (error.field ?? path) : path;
    throw new RouterError('upstream_malformed', `The model provider sent an unreadable answer at ${field}.`, {
      field,
      cause: error,
    });
  }
}
