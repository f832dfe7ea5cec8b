/** Keeps signed thinking with the model that made it, at the seam through which every call passes. */
import type { ChatRequest, StreamFrame } from '../../core/chat.ts';
import { RouterError } from '../../core/errors.ts';
import type { Provider, ProviderCall } from '../../core/ports.ts';
import { createSignatureReader, type SignatureMakers, signatureOf } from './session-signatures.ts';
import { type IsOwn, type Stripped, withoutForeignThinking } from './session-thinking.ts';

export interface OwnThinkingOptions {
  readonly makers: SignatureMakers;
  /** Ids under which a caller pins the upstream's model. */
  readonly idsOf: (upstreamModel: string) => readonly string[];
}

/** What a provider says of thinking that it cannot verify. */
const REFUSED = /\bsignature\b|encrypted_content|encrypted content/i;

function isRefusedThinking(error: unknown): boolean {
  return error instanceof RouterError && error.code === 'upstream_rejected' && REFUSED.test(error.message);
}

/**
 * Thinking whose maker is another model, by its upstream's name for it, is left out and listed as dropped. So is
 * thinking of which nobody knows the maker, unless the caller itself pins the model: then it is sent and, where the
 * provider refuses it, left out in a second call.
 */
export function withOwnThinking(provider: Provider, { makers, idsOf }: OwnThinkingOptions): Provider {
  function owns({ request, upstreamModel }: ProviderCall): IsOwn {
    const pinned = [upstreamModel, ...idsOf(upstreamModel)].includes(request.model);
    return (signature) => {
      const maker = makers.makerOf(signature);
      return maker === undefined ? pinned : maker === upstreamModel;
    };
  }

  async function* learning(
    frames: AsyncIterable<StreamFrame>,
    upstreamModel: string,
  ): AsyncGenerator<StreamFrame> {
    const read = createSignatureReader((signature) => makers.learn(signature, upstreamModel));
    for await (const frame of frames) {
      for (const event of frame.events) read(event);
      yield frame;
    }
  }

  /** Calls with what may be sent, and once more without any thinking where that is what was refused. */
  async function sending<T extends { readonly dropped: readonly string[] }>(
    call: ProviderCall,
    send: (request: ChatRequest) => Promise<T>,
  ): Promise<T> {
    const sent = async ({ request, dropped }: Stripped): Promise<T> => {
      const result = await send(request);
      return dropped.length === 0 ? result : { ...result, dropped: [...dropped, ...result.dropped] };
    };
    const stripped = withoutForeignThinking(call.request, owns(call));
    try {
      return await sent(stripped);
    } catch (error) {
      const bare = isRefusedThinking(error) ? withoutForeignThinking(call.request, () => false) : undefined;
      if (!bare || bare.request === call.request) throw error;
      return sent(bare);
    }
  }

  return {
    ...provider,
    async complete(call) {
      const result = await sending(call, (request) => provider.complete({ ...call, request }));
      for (const part of result.response.content) {
        const signature = signatureOf(part);
        if (signature !== undefined) makers.learn(signature, call.upstreamModel);
      }
      return result;
    },
    async stream(call) {
      const result = await sending(call, (request) => provider.stream({ ...call, request }));
      return { ...result, frames: learning(result.frames, call.upstreamModel) };
    },
  };
}
