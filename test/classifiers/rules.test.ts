import { describe, expect, it } from 'vitest';
import { createRulesClassifier } from '../../src/classifiers/rules.ts';
import { TIERS, type Tier } from '../../src/core/tier.ts';
import { featureText } from '../../src/routing/features.ts';
import { requestOf } from '../fakes/requests.ts';

const rules = createRulesClassifier();
const words = (count: number): string => Array.from({ length: count }, () => 'lorem').join(' ');

async function tierOf(text: string): Promise<Tier | undefined> {
  return (await rules.classify([{ text }]))[0]?.tier;
}

describe('the rules', () => {
  const cases: readonly [string, Tier][] = [
    ['analyze the entire codebase', 'complex'],
    ['design a system for billing', 'complex'],
    ['find the root cause of this outage', 'complex'],
    ['architecture of a chat service', 'complex'],
    ['debug this complex deadlock', 'complex'],
    ['run a security audit', 'complex'],
    ['prove that it halts', 'complex'],
    ['derive the formula', 'complex'],
    ['reason through the options', 'complex'],
    ['plan the migration', 'complex'],
    ['classify this ticket', 'simple'],
    ['extract the dates', 'simple'],
    ['detect the language', 'simple'],
    ['label each row', 'simple'],
    ['tag these posts', 'simple'],
    ['yes or no: is it raining', 'simple'],
    ['true or false: water is wet', 'simple'],
    ['which category is it', 'simple'],
    ['format this list', 'simple'],
    ['convert to kilometres', 'simple'],
    ['tl;dr', 'simple'],
    ['add a docstring', 'simple'],
    ['a commit message for this', 'simple'],
    ['autocomplete this line', 'simple'],
    ['summarize the report', 'moderate'],
    ['explain recursion', 'moderate'],
    ['review my essay', 'moderate'],
    ['draft a reply', 'moderate'],
    ['rewrite it politely', 'moderate'],
    ['translate to French', 'moderate'],
    ['describe the process', 'moderate'],
    ['write a poem', 'moderate'],
    ['compose a melody', 'moderate'],
    ['what does this do: ```x = 1```', 'moderate'],
    ['def f(x): return x', 'moderate'],
    ['import os', 'moderate'],
    ['capital of France', 'simple'],
    [words(49), 'simple'],
    [words(50), 'moderate'],
    [words(2_000), 'moderate'],
    [words(2_001), 'complex'],
    ['', 'simple'],
  ];
  it.each(cases)('%.40j is %s', async (text, tier) => {
    expect(await tierOf(text)).toBe(tier);
  });

  it.each([
    ['complex over simple', 'extract and prove', 'complex'],
    ['complex over moderate', 'write a migration', 'complex'],
    ['simple over moderate', 'classify and explain', 'simple'],
    ['length over everything', `classify ${words(2_001)}`, 'complex'],
  ])('ask %s', async (_, text, tier) => {
    expect(await tierOf(text)).toBe(tier);
  });

  it.each([
    'list proverbs about rain',
    'translate to Tagalog',
    'a detective story, write it',
    'improve my mood',
  ])('take %j for no other word', async (text) => {
    expect(await tierOf(text)).toBe(/translate|write/.test(text) ? 'moderate' : 'simple');
  });

  it('see that a text is long although features keep its head and tail only', async () => {
    expect(await tierOf(featureText(requestOf(words(3_000))))).toBe('complex');
    expect(await tierOf(featureText(requestOf(words(40))))).toBe('simple');
  });

  it('doubt where nothing matched, and only there', async () => {
    const [matched, unmatched] = await rules.classify([{ text: 'explain it' }, { text: words(100) }]);
    expect(matched?.confidence).toBeGreaterThanOrEqual(rules.doubtBelow);
    expect(unmatched?.confidence).toBeLessThan(rules.doubtBelow);
  });

  it('give a distribution, and sufficiencies that never fall', async () => {
    for (const { probabilities, sufficiency, tier, confidence } of await rules.classify(
      cases.map(([text]) => ({ text })),
    )) {
      expect(TIERS.reduce((sum, each) => sum + probabilities[each], 0)).toBeCloseTo(1, 12);
      expect(probabilities[tier]).toBe(confidence);
      expect(sufficiency.simple).toBeLessThanOrEqual(sufficiency.moderate);
      expect(sufficiency.moderate).toBeLessThanOrEqual(sufficiency.complex);
      expect(sufficiency.complex).toBeCloseTo(1, 12);
    }
  });
});
