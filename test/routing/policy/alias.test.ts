import { describe, expect, it } from 'vitest';
import { matchesPattern, modelByAlias } from '../../../src/routing/policy/alias.ts';
import { parseWanted } from '../../../src/routing/policy/override.ts';
import { modelOf } from '../../fakes/requests.ts';

const MODELS = [
  modelOf('claude-sonnet-4-5', 'moderate'),
  modelOf('claude-haiku-4-5', 'simple', { aliases: ['claude-3-5-haiku-*', '*haiku*v1:0'] }),
  modelOf('gpt-5', 'complex'),
  modelOf('gpt-5-mini', 'moderate'),
  modelOf('gpt-4o', 'moderate', { upstreamModel: 'gpt-4o-2024-08-06' }),
];

describe('another name of a model', () => {
  it.each([
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-5@20250929', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-5-latest', 'claude-sonnet-4-5'],
    ['anthropic/claude-sonnet-4-5', 'claude-sonnet-4-5'],
    ['openrouter/anthropic/claude-sonnet-4.5', 'claude-sonnet-4-5'],
    ['Claude-Sonnet-4-5', 'claude-sonnet-4-5'],
    ['gpt-5-2025-08-07', 'gpt-5'],
    ['gpt-5-mini-2025-08-07', 'gpt-5-mini'],
    ['gpt-4o-2024-05-13', 'gpt-4o'],
    ['claude-3-5-haiku-latest', 'claude-haiku-4-5'],
    ['us.anthropic.claude-haiku-4-5-20251001-v1:0', 'claude-haiku-4-5'],
  ])('%s is %s', (name, id) => {
    expect(modelByAlias(name, MODELS)?.id).toBe(id);
    expect(parseWanted(name, { models: MODELS })).toMatchObject({ kind: 'model', model: { id } });
  });

  it.each(['gpt-5-pro', 'gpt-5-mini-high', 'claude-opus-4-5-20251101', 'gpt', 'haiku'])(
    '%s is none',
    (name) => {
      expect(modelByAlias(name, MODELS)).toBeUndefined();
      expect(() => parseWanted(name, { models: MODELS })).toThrow(/no model/);
    },
  );

  it('is none where it could mean two', () => {
    const twins = [modelOf('openai/gpt-5', 'complex'), modelOf('azure/gpt-5', 'complex')];
    expect(modelByAlias('gpt-5-2025-08-07', twins)).toBeUndefined();
    expect(modelByAlias('azure/gpt-5', twins)?.id).toBe('azure/gpt-5');
  });

  it('says which key the model it means waits for', () => {
    const unavailable = [{ model: 'grok-4', missing: 'XAI_API_KEY' }];
    expect(() => parseWanted('x-ai/grok-4', { models: MODELS, unavailable })).toThrow(
      /XAI_API_KEY is not set/,
    );
  });
});

describe('the alias map of the policy', () => {
  const aliases = { 'claude-haiku-*': 'auto:simple', 'claude-*': 'auto', 'gpt-5': 'gpt-5-mini' };
  it.each([
    ['claude-haiku-4-5-20251001', { kind: 'tier', tier: 'simple', alias: 'claude-haiku-* -> auto:simple' }],
    ['claude-haiku-4-5', { kind: 'tier', tier: 'simple' }],
    ['claude-opus-9', { kind: 'auto', alias: 'claude-* -> auto' }],
    ['gpt-5', { kind: 'model', model: { id: 'gpt-5-mini' }, alias: 'gpt-5 -> gpt-5-mini' }],
    ['auto', { kind: 'auto' }],
  ])('goes before the ids: %s', (name, wanted) => {
    expect(parseWanted(name, { models: MODELS, aliases })).toMatchObject(wanted);
  });
});

describe('a pattern', () => {
  it.each([
    ['*', 'anything', true],
    ['a*', 'abc', true],
    ['a*c', 'abc', true],
    ['a*c', 'abcd', false],
    ['a*b*c', 'a-b-c', true],
    ['a*ba', 'aba', true],
    ['ab*ba', 'aba', false],
    ['gpt.5', 'gpt-5', false],
    ['GPT-*', 'gpt-5', true],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(matchesPattern(pattern, name)).toBe(matches);
  });
});
