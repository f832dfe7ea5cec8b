import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isHarnessPrompt, isTextResult, withoutEnvelopes } from '../../src/routing/envelopes.ts';
import {
  type FeatureFacts,
  factsText,
  HISTORY_TOKEN,
  type PlainMessage,
} from '../../src/routing/features.ts';

function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')) as T;
}

interface Envelope {
  readonly harness: string;
  readonly ask: string;
  readonly messages: readonly PlainMessage[];
}

interface PlainRow {
  readonly facts: FeatureFacts;
  readonly text_sha256: string;
}

const facts = (messages: readonly PlainMessage[]): FeatureFacts => ({
  messages,
  tools: 0,
  images: 0,
  json: false,
});

/** What is asked now, without the reserved tokens before it. */
function asked(text: string): string {
  return (text.split(HISTORY_TOKEN)[0] ?? '').replace(/<\|[a-z]+(?::\d+)?\|> ?/g, '').trim();
}

describe('envelopes of coding harnesses', () => {
  it.each(fixture<Envelope[]>('agents/envelopes.json'))('are taken off: $harness', ({ messages, ask }) => {
    const text = factsText(facts(messages));
    expect(asked(text)).toBe(ask);
    expect(text).not.toContain('<|system|>');
  });

  it('leaves the words of people alone, whatever marks they use', () => {
    const own =
      '<context>\nWe run three regions.\n</context>\n<instructions>Design the failover.</instructions>';
    expect(withoutEnvelopes(own)).toBe(own);
    expect(withoutEnvelopes('<answer>42</answer> is that right')).toBe('<answer>42</answer> is that right');
    expect(isHarnessPrompt('You are a helpful assistant for a bike shop.')).toBe(false);
    expect(isTextResult('[draft] Result: none yet')).toBe(true);
    expect(isTextResult('The [draft] Result: none yet')).toBe(false);
  });

  it('keeps a message that is nothing but an envelope where nobody said anything else', () => {
    const only = '<system-reminder>the plan mode is on</system-reminder>';
    expect(factsText(facts([{ role: 'user', content: only }]))).toBe(only);
  });

  it('takes time linear in hostile text', () => {
    const hostile = [
      '\n'.repeat(300_000),
      '<user_query>'.repeat(50_000),
      `${'<env '.repeat(100_000)}`,
      `# Context from my IDE setup:${'## My request for Codex:'.repeat(30_000)}`,
      `[a for '${'x'.repeat(300_000)}`,
    ];
    for (const text of hostile)
      expect(factsText(facts([{ role: 'user', content: text }]))).toBeTypeOf('string');
  });
});

describe('prompts without an envelope', () => {
  it('have the very features that the shipped bundle was trained on', () => {
    const rows = fixture<PlainRow[]>('features-plain.json');
    expect(rows.length).toBeGreaterThan(30);
    for (const row of rows) {
      const hash = createHash('sha256').update(factsText(row.facts)).digest('hex').slice(0, 16);
      expect(hash, JSON.stringify(row.facts.messages.at(-1))).toBe(row.text_sha256);
    }
  });
});
