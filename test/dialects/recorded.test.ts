/**
 * Real answers of provider APIs, which stay outside the repository: ROUTER_DATA_DIR names the folder that holds
 * `recorded/<provider>/`. Without it these tests are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lossesOf, lossOf } from '../../src/core/answer-losses.ts';
import type { ChatEvent, DialectId, Part } from '../../src/core/chat.ts';
import { RouterError } from '../../src/core/errors.ts';
import { isJsonObject, type JsonObject } from '../../src/core/json.ts';
import type { Dialect } from '../../src/core/ports.ts';
import { parseSseFrame } from '../../src/core/sse.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { readStreamAs } from './clients.ts';
import { CONTEXT, decodeAll, encodeAll, endings, textOf } from './streams.ts';

const dialects = createDialects();
const PROVIDERS: Readonly<Record<string, DialectId>> = {
  anthropic: 'anthropic-messages',
  deepseek: 'openai-chat',
  groq: 'openai-chat',
  mistral: 'openai-chat',
  'openai-compatible': 'openai-chat',
  'openai-responses': 'openai-responses',
  'xai-responses': 'openai-responses',
};

interface Recording {
  readonly name: string;
  readonly dialect: Dialect;
  readonly text: string;
}

function recordings(isWanted: (file: string) => boolean): Recording[] {
  const root = join(process.env.ROUTER_DATA_DIR ?? '', 'recorded');
  if (process.env.ROUTER_DATA_DIR === undefined || !existsSync(root)) return [];
  return Object.entries(PROVIDERS).flatMap(([provider, id]) => {
    const folder = join(root, provider);
    if (!existsSync(folder)) return [];
    const files = readdirSync(folder).filter((file) => isWanted(file) && !file.includes('transcription'));
    return files.map((file) => ({
      name: `${provider}/${file}`,
      dialect: dialects[id],
      text: readFileSync(join(folder, file), 'utf8'),
    }));
  });
}

/** The data of the first answer of a recording; some files hold several answers one after the other. */
function streamData({ text, name, dialect }: Recording): string[] {
  if (name.endsWith('.sse')) return text.split('\n\n').map((frame) => parseSseFrame(frame).data);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return dialect.id === 'openai-chat' ? [...lines, '[DONE]'] : lines;
}

function parsed(data: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** True where the recording itself is of a failure, or was written down with a brace too few. */
function isFailure(recording: Recording): boolean {
  const data = streamData(recording).filter((item) => item !== '' && item !== '[DONE]');
  return data.some((item) => {
    const event = parsed(item);
    return event === undefined || event.type === 'error' || event.type === 'response.failed';
  });
}

/** Every recording with every dialect that is not its own. */
function crossings<T extends Recording>(all: readonly T[]): (T & { target: Dialect; to: DialectId })[] {
  return all.flatMap((recording) =>
    Object.values(dialects)
      .filter(({ id }) => id !== recording.dialect.id)
      .map((target) => ({ ...recording, target, to: target.id })),
  );
}

function callsOf(events: readonly ChatEvent[]): { name: string; input: unknown }[] {
  return events
    .filter((event) => event.type === 'tool_call')
    .map(({ name, index }) => {
      const json = events.map((e) => (e.type === 'tool_call_arguments' && e.index === index ? e.json : ''));
      return { name, input: JSON.parse(json.join('')) };
    });
}

function crossing(parts: readonly Part[], type: 'text' | 'thinking' | 'refusal'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('');
}

const CARRIED: ReadonlySet<unknown> = new Set([
  'text',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'message',
  'function_call',
  'reasoning',
]);

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The kinds of pieces that only their own dialect has, read from the answer's items without any codec. */
function ownPieces(items: readonly JsonObject[]): string[] {
  return items.flatMap((item) => {
    const own = CARRIED.has(item.type) ? [] : [String(item.type)];
    const cited = objects(item.citations).length > 0 ? ['citations'] : [];
    const annotated = objects(item.content).some((part) => objects(part.annotations).length > 0);
    return [...own, ...cited, ...(annotated ? ['annotations'] : [])];
  });
}

function itemsOfBody(body: JsonObject, dialect: Dialect): JsonObject[] {
  if (dialect.id === 'anthropic-messages') return objects(body.content);
  return dialect.id === 'openai-responses' ? objects(body.output) : [];
}

function itemsOfStream(data: readonly string[]): JsonObject[] {
  const events = data.map((item) => parsed(item) ?? {});
  const end = events.findIndex((event) => event.type === 'message_stop');
  return events.slice(0, end === -1 ? events.length : end).flatMap((event) => {
    const started = event.type === 'content_block_start' ? objects([event.content_block]) : [];
    const cited = isJsonObject(event.delta) && event.delta.type === 'citations_delta';
    const done = event.type === 'response.output_item.done' ? objects([event.item]) : [];
    return [...started, ...done, ...(cited ? [{ type: 'text', citations: [{}] }] : [])];
  });
}

const streams = recordings((file) => file.endsWith('.chunks.txt') || file.endsWith('.sse'));
const whole = streams.filter((recording) => !isFailure(recording));
const failed = streams.filter(isFailure);
const files = recordings((file) => file.endsWith('.json'));
const bodies = files.filter(({ text }) => parsed(text)?.error === undefined || parsed(text)?.output);

it.skipIf(process.env.ROUTER_DATA_DIR === undefined)('ROUTER_DATA_DIR holds recordings', () => {
  expect(whole.length).toBeGreaterThan(failed.length);
  expect(bodies.length).toBeGreaterThan(0);
});

describe.skipIf(streams.length === 0)('recorded streams (ROUTER_DATA_DIR)', () => {
  it.each(crossings(whole))('$name reaches a client of $to whole', async (recording) => {
    const data = streamData(recording);
    const events = decodeAll(recording.dialect, data);
    expect(events[0]?.type).toBe('start');
    expect(events.filter((event) => event.type === 'start')).toHaveLength(1);
    expect(endings(events)).toEqual({ count: 1, isLast: true });
    const last = events.at(-1);
    expect(last?.type).toBe('finish');

    const seen = await readStreamAs(recording.to, encodeAll(recording.target, events));
    expect(seen.text).toBe(textOf(events, 'text'));
    expect(seen.calls).toEqual(callsOf(events));
    expect(events.map(lossOf)).toEqual(expect.arrayContaining(ownPieces(itemsOfStream(data))));
    if (last?.type === 'finish' && last.usage) {
      expect(seen.tokens).toBe(last.usage.inputTokens + last.usage.outputTokens);
    }
  });

  it.each(failed)('$name ends in its error', (recording) => {
    const events = decodeAll(recording.dialect, streamData(recording));
    expect(endings(events)).toEqual({ count: 1, isLast: true });
    expect(events.at(-1)?.type).toBe('error');
  });

  it.each(streams)('$name cut anywhere ends in exactly one finish or error', (recording) => {
    const data = streamData(recording);
    const step = Math.max(1, Math.floor(data.length / 25));
    for (let length = 0; length <= data.length; length += step) {
      const events = decodeAll(recording.dialect, data.slice(0, length));
      expect(endings(events)).toEqual({ count: 1, isLast: true });
    }
  });
});

describe.skipIf(bodies.length === 0)('recorded answers (ROUTER_DATA_DIR)', () => {
  it.each(bodies)('$name passes its own dialect untouched', ({ dialect, text }) => {
    const body: unknown = JSON.parse(text);
    const response = dialect.decodeResponse(body);
    expect(dialect.encodeResponse(response, CONTEXT)).toEqual(body);
    expect(response.usage?.outputTokens).toBeGreaterThan(0);
  });

  it.each(crossings(bodies))('$name reaches a client of $to whole', ({ dialect, target, text }) => {
    const body = JSON.parse(text) as JsonObject;
    const response = dialect.decodeResponse(body);
    const crossed = target.decodeResponse(target.encodeResponse(response, CONTEXT));
    expect(crossing(crossed.content, 'text')).toBe(crossing(response.content, 'text'));
    expect(crossing(crossed.content, 'thinking')).toBe(crossing(response.content, 'thinking'));
    expect(crossed.usage).toEqual(response.usage);
    const calls = (parts: readonly Part[]): unknown[] =>
      parts.flatMap((part) =>
        part.type === 'tool_call' ? [{ ...part, arguments: JSON.parse(part.arguments) }] : [],
      );
    expect(calls(crossed.content)).toEqual(calls(response.content));
    const isLateCall = response.stopReason === 'stop' && calls(response.content).length > 0;
    expect(crossed.stopReason).toBe(isLateCall ? 'tool_calls' : response.stopReason);
    expect(lossesOf(response)).toEqual(expect.arrayContaining(ownPieces(itemsOfBody(body, dialect))));
  });

  it.each(files.filter((file) => !bodies.includes(file)))(
    '$name is the error it says',
    ({ dialect, text }) => {
      expect(() => dialect.decodeResponse(JSON.parse(text))).toThrow(RouterError);
    },
  );
});
