import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { ConfigInput } from '../../src/config/schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'router-money-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(config: ConfigInput) {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  return loadConfig({ env: {}, path });
}

const local = { providers: { local: { base_url: 'http://127.0.0.1:9/v1' } }, builtin_catalog: false };
const priced = (price: NonNullable<ConfigInput['models']>[number]['price']): ConfigInput => ({
  ...local,
  models: [{ id: 'm', provider: 'local', tier: 'complex', price }],
});

describe('prices', () => {
  it('are taken over with all their parts', () => {
    const { models } = load(
      priced({
        input: 1,
        output: 2,
        cached_input: 0.1,
        cache_write: 1.25,
        cache_write_1h: 2,
        as_of: '2026-03-31',
        above: [{ tokens: 200_000, input: 2, output: 3 }],
      }),
    );
    expect(models[0]?.price).toEqual({
      input: 1,
      output: 2,
      cachedInput: 0.1,
      cacheWrite: 1.25,
      cacheWrite1h: 2,
      asOf: '2026-03-31',
      above: [{ tokens: 200_000, input: 2, output: 3 }],
    });
  });

  it('stay as short as they were written', () => {
    const { models } = load(priced({ input: 1, output: 2, as_of: '2026-03-31' }));
    expect(models[0]?.price).toEqual({ input: 1, output: 2, asOf: '2026-03-31' });
  });

  it('all have their date in the built-in catalog', () => {
    const { models } = loadConfig({
      env: Object.fromEntries(
        ['OPENAI', 'ANTHROPIC', 'GEMINI', 'DEEPSEEK', 'MISTRAL', 'OPENROUTER'].map((name) => [
          `${name}_API_KEY`,
          'k',
        ]),
      ),
      cwd: folder,
    });
    const prices = models.flatMap(({ price }) => price ?? []);
    expect(prices.length).toBeGreaterThan(10);
    for (const { asOf } of prices) expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
  });
});

describe('refused with the field that is meant', () => {
  it.each<[string, ConfigInput, string]>([
    [
      'a counterfactual that is neither a tier nor a model',
      { ...priced({ input: 1, output: 2, as_of: '2026-03-31' }), money: { counterfactual: 'complx' } },
      'money.counterfactual: no tier or model "complx", did you mean "complex"?',
    ],
    [
      'a soft limit above the hard one',
      { budgets: { global: { day: { soft: 2, hard: 1 } } } },
      'budgets.global.day.soft',
    ],
    ['a negative limit', { budgets: { keys: { k: { month: { hard: -1 } } } } }, 'budgets.keys.k.month.hard'],
    ['an unknown period', { budgets: { teams: { t: { week: {} } as object } } }, 'week'],
    ['a price without its date', priced({ input: 1, output: 2 } as never), 'models[0].price.as_of'],
  ])('%s', (_, config, says) => {
    expect(() => load(config)).toThrow(says);
  });
});

it('a model may be the counterfactual', () => {
  const config = priced({ input: 1, output: 2, as_of: '2026-03-31' });
  expect(load({ ...config, money: { counterfactual: 'm' } }).money.counterfactual).toBe('m');
});
