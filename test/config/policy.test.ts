import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/config/load.ts';

const MODELS = { m: { id: 'm', provider: 'p', tier: 'simple' } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'router-policy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(over: object) {
  const path = join(folder, 'config.yaml');
  const base = {
    builtin_catalog: false,
    providers: { p: { base_url: 'http://127.0.0.1:1/v1' } },
    models: [MODELS.m],
  };
  writeFileSync(path, JSON.stringify({ ...base, ...over }));
  return loadConfig({ env: {}, path });
}

function problemsOf(over: object): readonly string[] {
  try {
    load(over);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
}

const rollout = { share: 0.1, otherwise: 'complex' };

describe('the policy', () => {
  it('has defaults that bound nothing', () => {
    expect(load({}).policy).toEqual({
      route_named_models: false,
      model_aliases: {},
      quality_from: 'sufficiency',
      rollout_by_key: {},
      batch_discount: 0.5,
      expected_output_tokens: {},
    });
  });

  it.each([
    [{ policy: { min_tier: 'complex', max_tier: 'simple' } }, 'policy.min_tier: must not be above max_tier'],
    [
      { routes: [{ name: 'r', match: { path: '/*' }, min_tier: 'moderate', max_tier: 'simple' }] },
      'routes[0].min_tier: must not be above max_tier',
    ],
    [{ policy: { rollout: { ...rollout, otherwise: 'moderat' } } }, 'did you mean "moderate"?'],
    [
      { policy: { rollout_by_key: { [`${'0'.repeat(64)}`]: { ...rollout, otherwise: 'gone' } } } },
      'no tier or model "gone"',
    ],
    [
      { policy: { rollout_by_key: { 'sk-1': rollout } } },
      'policy.rollout_by_key: must be named by the SHA-256',
    ],
    [
      { routes: [{ name: 'r', match: { path: '/*' }, rollout: { ...rollout, otherwise: 'x' } }] },
      'routes[0].rollout.otherwise',
    ],
    [{ policy: { model_aliases: { 'gpt-*': 'auto:simpel' } } }, 'did you mean "auto:simple"?'],
    [{ policy: { safety_floor: { tier: 'simple' } } }, 'policy.safety_floor.tier'],
    [{ policy: { quality: 90 } }, 'policy.quality'],
    [{ policy: { max_cost_usd: 0 } }, 'policy.max_cost_usd'],
    [{ policy: { saftey_floor: {} } }, 'did you mean "safety_floor"?'],
  ])('is refused where it makes no sense: %j', (over, says) => {
    expect(problemsOf(over).join('\n')).toContain(says);
  });

  it('takes tiers and models where either is meant', () => {
    expect(
      problemsOf({
        policy: { rollout: { ...rollout, otherwise: 'm' }, model_aliases: { 'a*': 'm', b: 'auto' } },
      }),
    ).toEqual([]);
  });

  it('takes what models say of themselves', () => {
    const [model] = load({
      models: [
        {
          ...MODELS.m,
          quality: 0.8,
          aliases: ['x-*'],
          json_schema: false,
          parallel_tools: false,
          own_output_window: true,
        },
      ],
    }).models;
    expect(model).toMatchObject({
      quality: 0.8,
      aliases: ['x-*'],
      ownOutputWindow: true,
      capabilities: { json: true, jsonSchema: false, tools: true, parallelTools: false },
    });
  });
});
