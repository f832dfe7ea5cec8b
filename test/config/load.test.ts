import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, ConfigError, type Environment, loadConfig } from '../../src/config/load.ts';
import { editDistance, nearest } from '../../src/config/problems.ts';
import { TIERS } from '../../src/core/tier.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'router-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(yaml: string, env: Environment = {}): Config {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, yaml);
  return loadConfig({ env, path, cwd: folder });
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('expected a ConfigError');
}

const KEYS = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  gemini: 'GEMINI_API_KEY',
  deepseek: 'DEEPSEEK_API_KEY',
  mistral: 'MISTRAL_API_KEY',
  openrouter: 'OPENROUTER_API_KEY',
} as const;
const ALL_KEYS = Object.fromEntries(Object.values(KEYS).map((name) => [name, `key-of-${name}`]));
const LOCAL = 'providers: { local: { base_url: "http://127.0.0.1:1/v1" } }\n';

describe('without a file', () => {
  it('there are defaults, and no model without a key', () => {
    const config = loadConfig({ env: {}, cwd: folder });
    expect(config).toMatchObject({
      server: { host: '127.0.0.1', port: 8787 },
      store: { path: '.router/router.db', text: 'redacted' },
      judge: { model: 'auto', timeout_ms: 2_000 },
      providers: [],
      models: [],
      routes: [],
    });
    expect(config.file).toBeUndefined();
    expect(config.unavailable.length).toBeGreaterThan(10);
  });

  it('the default file of the folder is taken where there is one', () => {
    writeFileSync(join(folder, 'router.config.yaml'), 'server: { port: 1 }');
    const config = loadConfig({ env: {}, cwd: folder });
    expect([config.server.port, config.file]).toEqual([1, join(folder, 'router.config.yaml')]);
  });

  it('a file that is named must exist', () => {
    expect(problemsOf(() => loadConfig({ env: {}, path: join(folder, 'gone.yaml') }))).toEqual([
      'cannot be read (ENOENT)',
    ]);
    expect(problemsOf(() => loadConfig({ env: { ROUTER_CONFIG: join(folder, 'gone.yaml') } }))).toHaveLength(
      1,
    );
  });

  it('an empty file and an empty ROUTER_CONFIG are as none', () => {
    expect(load('# nothing here\n').server.port).toBe(8_787);
    expect(loadConfig({ env: { ROUTER_CONFIG: '' }, cwd: folder }).server.port).toBe(8_787);
  });
});

describe('the environment', () => {
  it('overrides the file', () => {
    const env = { PORT: '9000', HOST: '0.0.0.0', ROUTER_STORE: '/tmp/a.db', ROUTER_MODEL: 'other-bundle' };
    const config = load(
      'server: { port: 1, host: a }\nstore: { path: b, text: full }\nclassifier: { bundle: c }',
      env,
    );
    expect(config).toMatchObject({
      server: { host: '0.0.0.0', port: 9_000 },
      store: { path: '/tmp/a.db', text: 'full' },
      classifier: { bundle: 'other-bundle' },
    });
  });

  it('counts empty variables as absent', () => {
    const config = load('server: { port: 1 }', { PORT: '', HOST: '', ROUTER_STORE: '', OPENAI_API_KEY: '' });
    expect(config).toMatchObject({ server: { port: 1, host: '127.0.0.1' }, models: [] });
  });

  it('names the file, but --config wins', () => {
    const other = join(folder, 'other.yaml');
    writeFileSync(other, 'server: { port: 2 }');
    expect(loadConfig({ env: { ROUTER_CONFIG: other } }).server.port).toBe(2);
    expect(load('server: { port: 1 }', { ROUTER_CONFIG: other }).server.port).toBe(1);
  });

  it.each(['abc', '-1', '65536', '80.5'])('refuses PORT=%s by its name', (PORT) => {
    expect(problemsOf(() => load('', { PORT }))[0]).toMatch(/^PORT: /);
  });
});

describe('problems', () => {
  const cases: readonly [string, string, string | RegExp][] = [
    ['a mistyped section', 'sever: {}', 'sever: unknown key, did you mean "server"?'],
    ['a mistyped key', 'server: { prot: 1 }', 'server.prot: unknown key, did you mean "port"?'],
    [
      'a mistyped key in a list',
      'models: [{ id: a, provder: b }]',
      /^models\[0\]\.provder: unknown key, did you mean "provider"\?$/,
    ],
    [
      'a mistyped key of a price',
      `${LOCAL}models: [{ id: a, provider: local, tier: simple, price: { input: 1, output: 1, as_of: 2026-01-01, cached: 1 } }]`,
      /^models\[0\]\.price\.cached: unknown key, did you mean "cached_input"\?$/,
    ],
    [
      'a mistyped key of a provider',
      'providers: { x: { base_url: "http://a", key: s } }',
      /^providers\.x\.key: unknown key/,
    ],
    [
      'a mistyped key of a validator',
      'validators: { v: { type: regex, pattren: a, pattern: b } }',
      'validators.v.pattren: unknown key, did you mean "pattern"?',
    ],
    ['a key that is like no other', 'zzzzzzzz: 1', /^zzzzzzzz: unknown key, allowed: server, access, store/],
    ['a wrong type', 'server: { port: eighty }', /^server\.port: /],
    ['a wrong value', 'store: { text: some }', /^store\.text: /],
    ['a port out of range', 'server: { port: 70000 }', /^server\.port: /],
    [
      'a tier that is none',
      `${LOCAL}models: [{ id: a, provider: local, tier: huge }]`,
      /^models\[0\]\.tier: /,
    ],
    [
      'a key instead of its name',
      'providers: { x: { base_url: "http://a", key_env: sk-123 } }',
      /^providers\.x\.key_env: must be the NAME/,
    ],
    ['an address that is none', 'providers: { x: { base_url: "ftp://a" } }', /^providers\.x\.base_url: /],
    [
      'a price without a day',
      `${LOCAL}models: [{ id: a, provider: local, tier: simple, price: { input: 1, output: 1 } }]`,
      /^models\[0\]\.price\.as_of: /,
    ],
    [
      'a route that matches nothing',
      'routes: [{ name: r, match: {} }]',
      /^routes\[0\]\.match: must name at least one/,
    ],
    [
      'a route with both',
      'routes: [{ name: r, match: { path: /x }, tier: simple, model: m }]',
      /^routes\[0\]\.model: set tier or model/,
    ],
    ['a validator of no type', 'validators: { v: { type: magic } }', /^validators\.v\.type: /],
    ['a list instead of a mapping', '- a\n- b', /^\(top level\): /],
    ['what is no YAML', 'server: [', /\S/],
    ['a key that is there twice', 'server: {}\nserver: {}', /unique/],
  ];
  it.each(cases)('%s', (_, yaml, problem) => {
    const problems = problemsOf(() => load(yaml));
    if (typeof problem === 'string') expect(problems).toContain(problem);
    else
      expect(
        problems.some((line) => problem.test(line)),
        problems.join('\n'),
      ).toBe(true);
  });

  it('come all at once, and name the file', () => {
    const run = (): Config => load('server: { prot: 1, host: 2 }\nstroe: {}');
    expect(problemsOf(run)).toHaveLength(3);
    expect(run).toThrow(`${join(folder, 'config.yaml')} is not valid:`);
  });

  it('never show a key', () => {
    const run = (): Config => load('sever: 1', { OPENAI_API_KEY: 'sk-very-secret' });
    expect(problemsOf(run).join()).not.toContain('sk-very-secret');
  });
});

describe('references', () => {
  const model = 'models: [{ id: m, provider: local, tier: simple }]\n';
  const cases: readonly [string, string, string][] = [
    [
      'a provider that is not there',
      `${LOCAL}models: [{ id: m, provider: lokal, tier: simple }]`,
      'models[0].provider: no provider "lokal", did you mean "local"?',
    ],
    [
      'a model twice',
      `${LOCAL}models: [{ id: m, provider: local, tier: simple }, { id: m, provider: local, tier: complex }]`,
      'models[1].id: "m" is there twice',
    ],
    [
      'a reserved model',
      `${LOCAL}models: [{ id: "auto:simple", provider: local, tier: simple }]`,
      'models[0].id: "auto:simple" is reserved for routing',
    ],
    [
      'a route to no model',
      `routes: [{ name: r, match: { path: /x }, model: gpt-5-nanu }]`,
      'routes[0].model: no model "gpt-5-nanu", did you mean "gpt-5-nano"?',
    ],
    [
      'a route with no validator',
      `${LOCAL}${model}routes: [{ name: r, match: { path: /x }, validators: [jsn] }]\nvalidators: { json: { type: json } }`,
      'routes[0].validators[0]: no validator "jsn", did you mean "json"?',
    ],
    [
      'a judge that is no model',
      'judge: { model: gpt-5-nanoo }',
      'judge.model: no model "gpt-5-nanoo", did you mean "gpt-5-nano"?',
    ],
  ];
  it.each(cases)('to %s are problems', (_, yaml, problem) => {
    expect(problemsOf(() => load(yaml))).toContain(problem);
  });

  it('may go to the built-in catalog, unless that is switched off', () => {
    const route = 'routes: [{ name: r, match: { path: /x }, model: gpt-5 }]\n';
    expect(load(route).routes).toHaveLength(1);
    expect(problemsOf(() => load(`builtin_catalog: false\n${route}`))).toHaveLength(1);
  });
});

describe('an upstream', () => {
  const withProvider = (provider: object, env: Environment = {}): Config => {
    const providers = { p: { base_url: 'http://h/v1', ...provider } };
    return load(JSON.stringify({ builtin_catalog: false, providers }), env);
  };

  it('has as many keys of its pool as the environment holds', () => {
    const { providers } = withProvider({ key_env: ['KEY_A', 'KEY_B', 'KEY_C'] }, { KEY_A: 'a', KEY_C: 'c' });
    expect(providers[0]?.apiKeys).toEqual(['a', 'c']);
    expect(withProvider({ key_env: ['KEY_A', 'KEY_B'] }).providers).toEqual([]);
    expect(withProvider({}).providers[0]?.apiKeys).toEqual([]);
  });

  it.each([
    [{ base_url: 'http://h/v1?api-version=1' }, 'query'],
    [{ base_url: 'ftp://h/v1' }, 'http://'],
    [{ path: 'chat' }, 'must begin with /'],
    [{ path: '/{deployment}/chat' }, '{model}'],
    [{ path: '/chat?x=1' }, 'query'],
    [{ auth: 'x key' }, 'bearer'],
  ])('cannot be %j', (provider, says) => {
    expect(() => withProvider(provider)).toThrow(says);
  });
});

describe('the built-in catalog', () => {
  it('is valid, and each vendor has its line-up in tiers', () => {
    const { models, unavailable } = load('', ALL_KEYS);
    expect(unavailable).toEqual([]);
    const tiersOf = (provider: string): string[] =>
      TIERS.filter((tier) => models.some((model) => model.provider === provider && model.tier === tier));
    for (const provider of ['openai', 'anthropic', 'gemini', 'mistral', 'openrouter']) {
      expect([provider, tiersOf(provider)]).toEqual([provider, [...TIERS]]);
    }
    expect(tiersOf('deepseek')).toEqual(['moderate', 'complex']);
  });

  it('states every price with the day it was read, cheaper cached than not', () => {
    for (const { price, id } of load('', ALL_KEYS).models) {
      if (!price) continue;
      expect([id, price.asOf]).toEqual([id, expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/)]);
      expect(price.cachedInput ?? 0, id).toBeLessThanOrEqual(price.input);
      expect(price.output, id).toBeGreaterThan(0);
    }
  });

  it.each(Object.entries(KEYS))('offers the models of %s with its key alone', (provider, variable) => {
    const config = load('', { [variable]: 'k' });
    const ids = provider === 'openai' ? ['openai', 'openai-responses'] : [provider];
    expect(new Set(config.models.map((model) => model.provider))).toEqual(new Set(ids));
    expect(config.providers).toMatchObject(ids.map((id) => ({ id, apiKeys: ['k'] })));
    expect(config.unavailable.every(({ missing }) => missing !== variable)).toBe(true);
  });

  it('gives way to entries with the same id', () => {
    const yaml = `${LOCAL}models: [{ id: gpt-5-nano, provider: local, upstream_model: tiny, tier: complex }]`;
    const { models } = load(yaml, { OPENAI_API_KEY: 'k' });
    expect(models.filter(({ id }) => id === 'gpt-5-nano')).toMatchObject([
      { provider: 'local', upstreamModel: 'tiny', tier: 'complex' },
    ]);
  });

  it('is joined by servers that need no key', () => {
    const { models } = load(`${LOCAL}models: [{ id: m, provider: local, tier: simple }]`);
    expect(models).toEqual([
      expect.objectContaining({
        id: 'm',
        provider: 'local',
        upstreamModel: 'm',
        tier: 'simple',
        contextWindow: 128_000,
        capabilities: expect.objectContaining({
          tools: true,
          vision: false,
          json: true,
          jsonSchema: true,
          parallelTools: true,
          streaming: true,
        }),
      }),
    ]);
    expect(models[0]?.price).toBeUndefined();
  });
});

describe('a loaded configuration', () => {
  it('is frozen all the way down', () => {
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(load(`${LOCAL}routes: [{ name: r, match: { path: /x }, tier: simple }]`, ALL_KEYS))).toBe(
      true,
    );
  });
});

describe('the nearest name', () => {
  it.each([
    ['', '', 0],
    ['abc', '', 3],
    ['kitten', 'sitting', 3],
    ['prot', 'port', 2],
  ])('is %j -> %j: %d edits', (a, b, edits) => {
    expect(editDistance(a, b)).toBe(edits);
    expect(editDistance(b, a)).toBe(edits);
  });

  it.each([
    ['Port', 'port'],
    ['timeout', 'timeout_ms'],
    ['xyz', undefined],
  ])('of %j is %j', (name, meant) => {
    expect(nearest(name, ['port', 'host', 'timeout_ms'])).toBe(meant);
  });
});
