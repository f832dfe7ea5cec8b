/** Bodies and streams that an upstream of each dialect would send, as text of the wire. */
import type { DialectId } from '../../src/core/chat.ts';
import { responsesBody, responsesFrames } from './wire-responses.ts';

export interface AnswerOptions {
  readonly model?: string;
  /** Totals on the wire; left out of the answer where null. */
  readonly usage?: { readonly input: number; readonly output: number } | null;
  /** Asks for this tool instead of only writing text. `arguments` is JSON text. */
  readonly toolCall?: { readonly id: string; readonly name: string; readonly arguments: string };
  /** The dialect's own word for why it stopped. */
  readonly stop?: string;
  /** Streams of chat completions have a usage chunk only where the request asked for it. */
  readonly usageChunk?: boolean;
}

const USAGE = { input: 10, output: 5 };

function openAiUsage({ usage = USAGE }: AnswerOptions) {
  return usage
    ? {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
        total_tokens: usage.input + usage.output,
      }
    : undefined;
}

function openAiBody(text: string, options: AnswerOptions): object {
  const { toolCall } = options;
  const call = toolCall && {
    id: toolCall.id,
    type: 'function',
    function: { name: toolCall.name, arguments: toolCall.arguments },
  };
  return {
    id: 'chatcmpl-fake',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: options.model ?? 'fake-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null, ...(call ? { tool_calls: [call] } : {}) },
        logprobs: null,
        finish_reason: options.stop ?? (call ? 'tool_calls' : 'stop'),
      },
    ],
    usage: openAiUsage(options),
  };
}

function anthropicUsage({ usage = USAGE }: AnswerOptions) {
  return usage ? { input_tokens: usage.input, output_tokens: usage.output } : undefined;
}

function anthropicBody(text: string, options: AnswerOptions): object {
  const { toolCall } = options;
  const call = toolCall && {
    type: 'tool_use',
    id: toolCall.id,
    name: toolCall.name,
    input: JSON.parse(toolCall.arguments),
  };
  return {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model: options.model ?? 'fake-model',
    content: [...(text === '' ? [] : [{ type: 'text', text }]), ...(call ? [call] : [])],
    stop_reason: options.stop ?? (call ? 'tool_use' : 'end_turn'),
    stop_sequence: null,
    usage: anthropicUsage(options),
  };
}

const BODIES = {
  'openai-chat': openAiBody,
  'openai-responses': responsesBody,
  'anthropic-messages': anthropicBody,
} as const;

/** The body of a whole answer. */
export function answerBody(dialect: DialectId, text: string, options: AnswerOptions = {}): object {
  return BODIES[dialect](text, options);
}

/** The words of a text, each with the space after it. */
function wordsOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? [];
}

function openAiFrames(text: string, options: AnswerOptions): string[] {
  const { toolCall } = options;
  const chunk = (fields: object): string =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-fake',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: options.model ?? 'fake-model',
      ...fields,
    })}\n\n`;
  const delta = (fields: object, finish: string | null = null): string =>
    chunk({ choices: [{ index: 0, delta: fields, logprobs: null, finish_reason: finish }] });
  const call = toolCall && [
    delta({
      tool_calls: [
        { index: 0, id: toolCall.id, type: 'function', function: { name: toolCall.name, arguments: '' } },
      ],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: toolCall.arguments } }] }),
  ];
  const usage = options.usageChunk ? openAiUsage(options) : undefined;
  return [
    delta({ role: 'assistant', content: '' }),
    ...wordsOf(text).map((word) => delta({ content: word })),
    ...(call ?? []),
    delta({}, options.stop ?? (call ? 'tool_calls' : 'stop')),
    ...(usage ? [chunk({ choices: [], usage })] : []),
    'data: [DONE]\n\n',
  ];
}

function anthropicFrames(text: string, options: AnswerOptions): string[] {
  const { toolCall } = options;
  const usage = anthropicUsage(options);
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const message = {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model: options.model ?? 'fake-model',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(usage ? { usage: { input_tokens: usage.input_tokens, output_tokens: 1 } } : {}),
  };
  const block = (index: number, start: object, deltas: object[]): string[] => [
    event('content_block_start', { index, content_block: start }),
    ...deltas.map((delta) => event('content_block_delta', { index, delta })),
    event('content_block_stop', { index }),
  ];
  const texts = wordsOf(text).map((word) => ({ type: 'text_delta', text: word }));
  const tool = toolCall && { type: 'tool_use', id: toolCall.id, name: toolCall.name, input: {} };
  const json = toolCall && [{ type: 'input_json_delta', partial_json: toolCall.arguments }];
  const stop = options.stop ?? (tool ? 'tool_use' : 'end_turn');
  return [
    event('message_start', { message }),
    ...(texts.length > 0 ? block(0, { type: 'text', text: '' }, texts) : []),
    ...(tool && json ? block(texts.length > 0 ? 1 : 0, tool, json) : []),
    event('message_delta', {
      delta: { stop_reason: stop, stop_sequence: null },
      ...(usage ? { usage: { output_tokens: usage.output_tokens } } : {}),
    }),
    event('message_stop', {}),
  ];
}

const FRAMES = {
  'openai-chat': openAiFrames,
  'openai-responses': responsesFrames,
  'anthropic-messages': anthropicFrames,
} as const;

/** The server-sent events of a whole answer, one word a delta; each text is one event with its blank line. */
export function answerFrames(dialect: DialectId, text: string, options: AnswerOptions = {}): string[] {
  return FRAMES[dialect](text, options);
}

/** The body of an error answer. */
export function errorBody(dialect: DialectId, type: string, message: string): object {
  return dialect === 'anthropic-messages'
    ? { type: 'error', error: { type, message } }
    : { error: { message, type, param: null, code: type } };
}
