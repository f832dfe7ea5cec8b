/**
 * Real answers of provider APIs, which stay outside the repository: ROUTER_DATA_DIR names the folder that holds
 * `recorded/<provider>/`. Without it these tests are skipped.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ChatEvent, DialectId, Part } from '../../src/core/chat.ts';
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

function other(dialect: Dialect): Dialect {
  return dialects[dialect.id === 'openai-chat' ? 'anthropic-messages' : 'openai-chat'];
}

function callsOf(events: readonly ChatEvent[]): { name: string; input: unknown }[] {
  return events
    .filter((event) => event.type === 'tool_call')
    .map(({ name, index }) => {
      const json = events.map((e) => (e.type === 'tool_call_arguments' && e.index === index ? e.json : ''));
      return { name, input: JSON.parse(json.join('')) };
    });
}

function crossing(parts: readonly Part[], type: 'text' | 'thinking'): string {
  return parts.map((part) => (part.type === type ? part.text : '')).join('');
}

const streams = recordings((file) => file.endsWith('.chunks.txt') || file.endsWith('.sse'));
const bodies = recordings((file) => file.endsWith('.json'));

it.skipIf(process.env.ROUTER_DATA_DIR === undefined)('ROUTER_DATA_DIR holds recordings', () => {
  expect(streams.length).toBeGreaterThan(0);
  expect(bodies.length).toBeGreaterThan(0);
});

describe.skipIf(streams.length === 0)('recorded streams (ROUTER_DATA_DIR)', () => {
  it.each(streams)('$name reaches a client of the other dialect whole', async (recording) => {
    const events = decodeAll(recording.dialect, streamData(recording));
    expect(events[0]?.type).toBe('start');
    expect(events.filter((event) => event.type === 'start')).toHaveLength(1);
    expect(endings(events)).toEqual({ count: 1, isLast: true });
    const last = events.at(-1);
    expect(last?.type).toBe('finish');

    const encoded = encodeAll(other(recording.dialect), events);
    const seen = await readStreamAs(other(recording.dialect).id, encoded);
    expect(seen.text).toBe(textOf(events, 'text'));
    expect(seen.calls).toEqual(callsOf(events));
    if (last?.type === 'finish' && last.usage) {
      expect(seen.tokens).toBe(last.usage.inputTokens + last.usage.outputTokens);
    }
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
  it.each(bodies)('$name passes its own dialect untouched and crosses to the other', ({ dialect, text }) => {
    const body: unknown = JSON.parse(text);
    const response = dialect.decodeResponse(body);
    expect(dialect.encodeResponse(response, CONTEXT)).toEqual(body);
    expect(response.usage?.outputTokens).toBeGreaterThan(0);

    const target = other(dialect);
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
  });
});
