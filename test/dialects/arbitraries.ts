import fc from 'fast-check';
import type {
  ChatEvent,
  ChatRequest,
  DialectId,
  Message,
  Part,
  StopReason,
  Tool,
  Usage,
} from '../../src/core/chat.ts';
import type { JsonObject } from '../../src/core/json.ts';

const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((value) => `${value}.`);
const json = fc
  .dictionary(name, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

/** A value of any JSON shape. */
export const anyJson = fc.jsonValue({ maxDepth: 3 });

const textPart = text.map((value): Part => ({ type: 'text', text: value }));
const imagePart = fc.oneof(
  fc.webUrl().map((url): Part => ({ type: 'image', url })),
  fc
    .tuple(fc.constantFrom('image/png', 'image/jpeg'), fc.base64String({ minLength: 4, maxLength: 12 }))
    .map(([mediaType, base64]): Part => ({ type: 'image', data: { mediaType, base64 } })),
);

/** One text, or texts and images with at least one image: what both formats keep apart. */
const userContent = fc.oneof(
  textPart.map((part) => [part]),
  fc.tuple(fc.array(textPart, { maxLength: 2 }), imagePart).map(([texts, image]) => [...texts, image]),
);

/** An exchange: the user asks, the assistant answers, maybe after calling tools. */
function exchange(index: number): fc.Arbitrary<Message[]> {
  const calls = fc.array(fc.record({ name, input: json, result: text }), { maxLength: 3 });
  return fc.tuple(userContent, calls, text).map(([content, called, answer]): Message[] => {
    const id = (position: number): string => `call_${index}_${position}`;
    const callParts = called.map(
      (call, position): Part => ({
        type: 'tool_call',
        id: id(position),
        name: call.name,
        arguments: JSON.stringify(call.input),
      }),
    );
    const results = called.map(
      (call, position): Message => ({
        role: 'tool',
        content: [
          { type: 'tool_result', callId: id(position), content: [{ type: 'text', text: call.result }] },
        ],
      }),
    );
    const asked: Message[] = [{ role: 'user', content }];
    if (callParts.length > 0) asked.push({ role: 'assistant', content: callParts }, ...results);
    return [...asked, { role: 'assistant', content: [{ type: 'text', text: answer }] }];
  });
}

const tool = fc
  .record({ name, description: fc.option(text, { nil: undefined }), extra: json })
  .map(({ name, description, extra }): Tool => {
    const parameters = { type: 'object', properties: extra };
    return { type: 'function', name, parameters, ...(description === undefined ? {} : { description }) };
  });

function optional<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(value, { nil: undefined });
}

/** Requests of one format that another can express whole. */
export function expressibleRequest(dialect: DialectId, target: DialectId): fc.Arbitrary<ChatRequest> {
  const conversation = fc
    .tuple(optional(text), exchange(0), exchange(1), userContent)
    .map(([system, first, second, last]): Message[] => [
      ...(system === undefined
        ? []
        : [{ role: 'system' as const, content: [{ type: 'text' as const, text: system }] }]),
      ...first,
      ...second,
      { role: 'user', content: last },
    ]);
  const schema = json.map((properties) => ({
    type: 'json_schema' as const,
    name: 'response',
    schema: { type: 'object', properties: { a: { const: properties } }, additionalProperties: false },
  }));
  return fc
    .record({
      messages: conversation,
      tools: fc.array(tool, { minLength: 1, maxLength: 2 }),
      toolChoice: optional(
        fc.oneof(fc.constantFrom('auto' as const, 'required' as const), fc.record({ name })),
      ),
      responseFormat: optional(schema),
      maxOutputTokens: fc.integer({ min: 16, max: 9_999 }),
      temperature: optional(fc.constantFrom(0, 0.25, 1)),
      stop:
        target === 'openai-responses'
          ? fc.constant(undefined)
          : optional(fc.array(text, { minLength: 1, maxLength: 4 })),
      user: optional(name),
      stream: fc.boolean(),
    })
    .map((fields) => {
      const present = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
      return { dialect, raw: {}, model: 'm', metadata: {}, ...present } as unknown as ChatRequest;
    });
}

const count = fc.integer({ min: 0, max: 5_000 });
const usage = fc
  .record({ cached: count, fresh: count, output: count })
  .map(({ cached, fresh, output }): Usage => {
    return {
      inputTokens: cached + fresh,
      outputTokens: output,
      cachedInputTokens: cached,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
  });

type Piece =
  | { kind: 'text' | 'thinking'; text: string }
  | { kind: 'calls'; inputs: JsonObject[]; mix: boolean };

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({ kind: fc.constantFrom('text' as const, 'thinking' as const), text }),
  fc.record({
    kind: fc.constant('calls' as const),
    inputs: fc.array(json, { minLength: 1, maxLength: 3 }),
    mix: fc.boolean(),
  }),
);

/** The deltas of some calls, one call after the other or turn by turn. */
function callEvents(inputs: readonly JsonObject[], mix: boolean, first: number): ChatEvent[] {
  const announced = inputs.map((_, at): ChatEvent => {
    return { type: 'tool_call', index: first + at, id: `c${first + at}`, name: `f${at}` };
  });
  const halves = inputs.map((input, at): ChatEvent[] => {
    const whole = JSON.stringify(input);
    const half = Math.ceil(whole.length / 2);
    return [whole.slice(0, half), whole.slice(half)]
      .filter((part) => part !== '')
      .map((part) => ({ type: 'tool_call_arguments', index: first + at, json: part }));
  });
  if (!mix) return announced.flatMap((event, at) => [event, ...(halves[at] ?? [])]);
  return [...announced, ...[0, 1].flatMap((turn) => halves.flatMap((pair) => pair.slice(turn, turn + 1)))];
}

/** The events of whole streams, in an order that a decoder may emit. */
export const streamEvents: fc.Arbitrary<ChatEvent[]> = fc
  .record({
    pieces: fc.array(piece, { maxLength: 5 }),
    usage,
    stop: fc.constantFrom<StopReason>('stop', 'length'),
  })
  .map(({ pieces, usage, stop }) => {
    const events: ChatEvent[] = [{ type: 'start', id: 'id', model: 'm' }];
    let calls = 0;
    for (const item of pieces) {
      if (item.kind !== 'calls') events.push({ type: item.kind, text: item.text });
      else {
        events.push(...callEvents(item.inputs, item.mix, calls));
        calls += item.inputs.length;
      }
    }
    return [...events, { type: 'finish', stopReason: calls > 0 ? 'tool_calls' : stop, usage }];
  });

/** What a stream said as a whole, however it was cut: texts by kind, calls with their arguments, the end. */
export function meaningOf(events: readonly ChatEvent[]): unknown {
  const joined = (type: 'text' | 'thinking'): string =>
    events.map((event) => (event.type === type ? event.text : '')).join('');
  const calls = events
    .filter((event) => event.type === 'tool_call')
    .map(({ id, name, index }) => {
      const parts = events.map((e) => (e.type === 'tool_call_arguments' && e.index === index ? e.json : ''));
      return { id, name, index, json: parts.join('') };
    });
  return { text: joined('text'), thinking: joined('thinking'), calls, end: events.at(-1) };
}
