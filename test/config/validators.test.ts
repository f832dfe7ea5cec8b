import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { composeRouter } from '../../src/compose.ts';
import { ConfigError, type Environment, loadConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/surroundings.ts';
import { createFakeLogger } from '../fakes/logger.ts';

const folder = mkdtempSync(join(tmpdir(), 'router-validators-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function load(config: object, env: Environment = {}) {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  return loadConfig({ env, path });
}

function problemsOf(config: object): readonly string[] {
  try {
    load(config);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const route = (validators: readonly string[]) => ({
  routes: [{ name: 'r', match: { path: '/x' }, tier: 'simple', validators }],
});
const hook = (over: object = {}) => ({
  validators: { h: { type: 'webhook', url: 'http://127.0.0.1:1/', ...over } },
});
const one = (spec: object) => ({ validators: { v: spec } });

describe('validators of the configuration', () => {
  it.each([
    ['a built-in name', route(['refusal', 'complete', 'no_repetition', 'tool_arguments', 'json_schema']), []],
    [
      'a wrong name',
      route(['refusals']),
      ['routes[0].validators[0]: no validator "refusals", did you mean "refusal"?'],
    ],
    ['a wrong default', { default_validators: ['emtpy'] }, ['default_validators[0]: no validator "emtpy"']],
    [
      'a judge that does not exist',
      one({ type: 'llm_judge', rubric: 'x', model: 'gpt-9' }),
      [expect.stringContaining('validators.v.model: no model "gpt-9"')],
    ],
    [
      'a secret that is not there',
      hook({ secret_env: 'HOOK_KEY' }),
      ['validators.h.secret_env: the environment has no HOOK_KEY'],
    ],
    ['another scheme', hook({ url: 'file:///etc/passwd' }), [expect.stringMatching(/^validators\.h\.url: /)]],
    ['a length without bounds', one({ type: 'length' }), ['validators.v: set min, max or both']],
    [
      'bounds the wrong way round',
      one({ type: 'length', min: 3, max: 2 }),
      ['validators.v.max: must not be below min'],
    ],
    [
      'a positive log-probability',
      one({ type: 'confidence', min_mean_logprob: 0.4 }),
      [expect.stringMatching(/^validators\.v\.min_mean_logprob: /)],
    ],
    [
      'a language by name',
      one({ type: 'language', expected: 'German' }),
      [expect.stringContaining('must be an ISO 639-1 code')],
    ],
    [
      'an unknown key',
      one({ type: 'complete', at_cieling: 'pass' }),
      ['validators.v.at_cieling: unknown key, did you mean "at_ceiling"?'],
    ],
  ])('%s', (_, config, problems) => {
    expect(problemsOf(config)).toEqual(problems);
  });

  it('replace a built-in one of the same name', () => {
    const config = load({ validators: { complete: { type: 'complete', at_ceiling: 'pass' } } });
    expect(config.validators.complete).toEqual({ type: 'complete', at_ceiling: 'pass' });
    expect(config.validators.refusal).toMatchObject({ type: 'refusal' });
  });

  it('have their secrets from the environment', () => {
    expect(load(hook({ secret_env: 'HOOK_KEY' }), { HOOK_KEY: 's3cret' }).hookSecrets).toEqual({
      h: 's3cret',
    });
  });

  it.each([
    ['a pattern', { type: 'regex', pattern: '(' }, 'validators.v: Invalid regular expression'],
    ['a language', { type: 'language', expected: 'xx' }, 'validators.v: "xx" is none of: '],
  ])('stop the start where %s is of no use', async (_, spec, problem) => {
    const config = load(one(spec), { ROUTER_STORE: ':memory:' });
    const logger = createFakeLogger();
    const start = composeRouter(config, { clock: systemClock, logger, random: () => 0, version: 't' });
    await expect(start).rejects.toThrow(problem);
  });
});
