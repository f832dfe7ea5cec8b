import { describe, expect, it } from 'vitest';
import { readManifest } from '../../src/classifiers/bundle.ts';
import { openOnnxClassifier } from '../../src/classifiers/onnx.ts';
import type { ChatRequest } from '../../src/core/chat.ts';
import { factsBucket, lengthBucket, tokenBucket } from '../../src/core/traffic.ts';
import { featureText } from '../../src/routing/features.ts';
import { inputTokensOf } from '../../src/routing/requirements.ts';
import { baselineOf } from '../../src/training/baseline.ts';
import { parseExample } from '../../src/training/examples.ts';
import { tinyBundle, tinyExamples } from './tiny.ts';

const row = (value: object) => parseExample(JSON.stringify(value), 'test');

describe('the baseline of the training rows', () => {
  it.each([
    [0, '0'],
    [1, '1'],
    [15, '8'],
    [16, '16'],
    [5e6, '1048576'],
  ])('counts %d tokens with %s', (tokens, bucket) => {
    expect(lengthBucket(tokens)).toBe(bucket);
  });

  it('counts a row as the server counts the same request', () => {
    const texts = ['Hello there', 'Yes?', `Describe these pictures. ${'word '.repeat(50)}`] as const;
    const roles = ['user', 'assistant', 'user'] as const;
    const image = { type: 'image' as const, url: 'https://example.org/a.png' };
    const request: Pick<ChatRequest, 'messages' | 'tools' | 'responseFormat'> = {
      messages: texts.map((text, at) => ({
        role: roles[at] ?? 'user',
        content: [{ type: 'text', text }, ...(at === 2 ? [image, image] : [])],
      })),
      tools: [],
      responseFormat: { type: 'json_object' },
    };
    const example = row({
      messages: texts.map((content, at) => ({ role: roles[at], content })),
      facts: { images: 2, json: true },
      tier: 'simple',
    });
    const facts = factsBucket(featureText(request)) ?? 'none';
    expect(facts).toBe('<|turns:2|> <|image|> <|json|>');
    expect(baselineOf([example])).toEqual({
      lengths: { [lengthBucket(inputTokensOf(request))]: 1 },
      facts: { [facts]: 1 },
      tokens: { [tokenBucket(featureText(request)) ?? 'none']: 1 },
    });
  });

  it('draws one token of what is asked, whatever the facts before it', () => {
    const asked = 'Describe these pictures of a harbour';
    const bucket = tokenBucket(asked);
    expect(Number(bucket)).toBeGreaterThanOrEqual(0);
    expect(Number(bucket)).toBeLessThan(64);
    expect(tokenBucket(`<|image|> ${asked}`)).toBe(bucket);
    expect(tokenBucket(asked.toUpperCase())).toBe(bucket);
    const words = ['red', 'green', 'blue', 'grey', 'pink', 'brown', 'black', 'white'];
    const drawn = new Set(words.map((word) => tokenBucket(word)));
    expect(drawn.size).toBeGreaterThan(5);
    expect(tokenBucket('')).toBeNull();
    expect(tokenBucket('<|ids:0123456789ab|>2 871')).toBeNull();
    expect(tokenBucket('<|image|>')).toBeNull();
  });

  it('takes the length of a logged row from the log', () => {
    expect(baselineOf([{ ...row({ prompt: 'short' }), inputTokens: 700 }]).lengths).toEqual({ '512': 1 });
  });

  it('stands in the manifest without the outcome tables, and comes with the classifier', async () => {
    const { folder } = await tinyBundle();
    const { baseline } = readManifest(folder);
    expect(baseline).toEqual(baselineOf(tinyExamples()));
    expect(Object.values(baseline?.lengths ?? {}).reduce((sum, count) => sum + count, 0)).toBe(
      tinyExamples().length,
    );
    const classifier = await openOnnxClassifier(folder);
    expect(classifier.baseline).toEqual(baseline);
    await classifier.close();
  });
});
