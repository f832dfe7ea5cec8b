/** What an upstream that speaks OpenAI Responses would send. See wire-answers. */
import type { AnswerOptions } from './wire-answers.ts';

const USAGE = { input: 10, output: 5 };

function usageOf({ usage = USAGE }: AnswerOptions): object | null {
  if (!usage) return null;
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
}

function partOf(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function messageOf(status: string, content: object[]): object {
  return { id: 'msg_fake', type: 'message', status, role: 'assistant', content };
}

function callOf({ toolCall }: AnswerOptions, status: string, json: string): object {
  return {
    id: 'fc_fake',
    type: 'function_call',
    status,
    call_id: toolCall?.id,
    name: toolCall?.name,
    arguments: json,
  };
}

function response(options: AnswerOptions, status: string, output: object[], usage: object | null): object {
  return {
    id: 'resp_fake',
    object: 'response',
    created_at: 1_700_000_000,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason: options.stop } : null,
    instructions: null,
    max_output_tokens: null,
    model: options.model ?? 'fake-model',
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: true,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
    usage,
    user: null,
    metadata: {},
  };
}

/** `stop` is the reason of an incomplete answer. */
export function responsesBody(text: string, options: AnswerOptions): object {
  const call = options.toolCall ? [callOf(options, 'completed', options.toolCall.arguments)] : [];
  const said = text === '' ? [] : [messageOf('completed', [partOf(text)])];
  const status = options.stop === undefined ? 'completed' : 'incomplete';
  return response(options, status, [...said, ...call], usageOf(options));
}

export function responsesFrames(text: string, options: AnswerOptions): string[] {
  let sequence = 0;
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`;
  const begun = { response: response(options, 'in_progress', [], null) };
  const frames = [event('response.created', begun), event('response.in_progress', begun)];
  let index = 0;
  if (text !== '') {
    const at = { item_id: 'msg_fake', output_index: index, content_index: 0 };
    frames.push(
      event('response.output_item.added', { output_index: index, item: messageOf('in_progress', []) }),
      event('response.content_part.added', { ...at, part: partOf('') }),
      ...(text.match(/\S+\s*/g) ?? []).map((delta) =>
        event('response.output_text.delta', { ...at, delta, logprobs: [] }),
      ),
      event('response.output_text.done', { ...at, text, logprobs: [] }),
      event('response.content_part.done', { ...at, part: partOf(text) }),
      event('response.output_item.done', {
        output_index: index,
        item: messageOf('completed', [partOf(text)]),
      }),
    );
    index += 1;
  }
  if (options.toolCall) {
    const json = options.toolCall.arguments;
    const at = { item_id: 'fc_fake', output_index: index };
    frames.push(
      event('response.output_item.added', { output_index: index, item: callOf(options, 'in_progress', '') }),
      event('response.function_call_arguments.delta', { ...at, delta: json }),
      event('response.function_call_arguments.done', { ...at, arguments: json }),
      event('response.output_item.done', { output_index: index, item: callOf(options, 'completed', json) }),
    );
  }
  const whole = responsesBody(text, options) as { status: string };
  return [...frames, event(`response.${whole.status}`, { response: whole })];
}
