import type {
  ChatEvent,
  ChatResponse,
  DialectId,
  Part,
  StopReason,
  TokenLogprobs,
  Usage,
} from '../../core/chat.ts';
import type { RouterError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json.ts';

/** Collects the events of one stream into the response they spell out. */
export interface Assembler {
  add(event: ChatEvent): void;
  /** True once content that a client would see has arrived. */
  hasContent(): boolean;
  /** The upstream's error, if the stream ended in one. */
  error(): RouterError | undefined;
  /** True once the stream has ended by `finish` or `error`. */
  ended(): boolean;
  /** True once it has ended by `finish`. */
  finished(): boolean;
  response(): ChatResponse;
}

type Growing = { type: 'text' | 'thinking' | 'refusal'; text: string };

export function createAssembler(dialect: DialectId): Assembler {
  const parts: Part[] = [];
  const calls = new Map<number, { position: number; json: string }>();
  let id = '';
  let model = '';
  let stopReason: StopReason | undefined;
  let stopSequence: string | undefined;
  let usage: Usage | undefined;
  let logprobs: TokenLogprobs | undefined;
  let failure: RouterError | undefined;

  function grow(type: Growing['type'], text: string): void {
    const last = parts.at(-1);
    if (last?.type === type) parts[parts.length - 1] = { ...last, text: last.text + text } as Part;
    else parts.push({ type, text });
  }

  /** The events of one opaque piece follow one another; the first stands for them all. */
  function addOpaque({ kind, raw }: Extract<ChatEvent, { type: 'opaque' }>): void {
    const last = parts.at(-1);
    if (last?.type === 'opaque' && last.kind === kind) return;
    parts.push({ type: 'opaque', dialect, kind, raw: isJsonObject(raw) ? raw : {} });
  }

  function add(event: ChatEvent): void {
    switch (event.type) {
      case 'start':
        id ||= event.id;
        model ||= event.model;
        usage = event.usage ?? usage;
        return;
      case 'text':
      case 'thinking':
      case 'refusal':
        grow(event.type, event.text);
        return;
      case 'thinking_signature': {
        const last = parts.at(-1);
        if (last?.type === 'thinking') parts[parts.length - 1] = { ...last, signature: event.signature };
        return;
      }
      case 'redacted_thinking':
        parts.push({ type: 'thinking', text: '', redacted: event.data });
        return;
      case 'tool_call':
        calls.set(event.index, { position: parts.length, json: '' });
        parts.push({ type: 'tool_call', id: event.id, name: event.name, arguments: '' });
        return;
      case 'tool_call_arguments': {
        const call = calls.get(event.index);
        const part = call && parts[call.position];
        if (!call || part?.type !== 'tool_call') return;
        call.json += event.json;
        parts[call.position] = { ...part, arguments: call.json };
        return;
      }
      case 'opaque':
        addOpaque(event);
        return;
      case 'finish':
        stopReason = event.stopReason;
        stopSequence = event.stopSequence;
        usage = event.usage ?? usage;
        logprobs = event.logprobs;
        return;
      case 'error':
        failure = event.error;
        return;
    }
  }

  return {
    add,
    hasContent: () => parts.length > 0,
    error: () => failure,
    ended: () => stopReason !== undefined || failure !== undefined,
    finished: () => stopReason !== undefined,
    response: () => ({
      dialect,
      raw: {},
      id,
      model,
      content: parts,
      stopReason: stopReason ?? 'stop',
      ...(stopSequence === undefined ? {} : { stopSequence }),
      ...(usage === undefined ? {} : { usage }),
      ...(logprobs === undefined ? {} : { logprobs }),
    }),
  };
}
