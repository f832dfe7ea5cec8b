import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.ts';
import type { ConfigInput } from '../src/config/schema.ts';
import { startSummary } from '../src/start-summary.ts';

function summary(config: ConfigInput, env: Readonly<Record<string, string>>, demo = false): string[] {
  const path = join(mkdtempSync(join(tmpdir(), 'llm-router-')), 'config.yaml');
  writeFileSync(path, JSON.stringify(config));
  const loaded = loadConfig({ env, path });
  return startSummary(loaded, { models: loaded.models, demo, classifier: undefined, judge: undefined });
}

const local: ConfigInput = {
  providers: {
    local: { base_url: 'http://127.0.0.1:9/v1' },
    paid: { base_url: 'http://127.0.0.1:9/v1', key_env: 'PAID_KEY' },
  },
  builtin_catalog: false,
  models: [
    { id: 'here', provider: 'local', tier: 'simple', context_window: 300 },
    { id: 'there', provider: 'paid', tier: 'complex' },
  ],
};

describe('what is told at start', () => {
  it('names the model of each tier, small as its window may be', () => {
    expect(summary(local, { PAID_KEY: 'k' }).slice(-3)).toEqual([
      'simple: here (local)',
      'moderate: there (paid), because no model is configured for moderate',
      'complex: there (paid)',
    ]);
  });

  it('counts the models that want a key, and says nothing where none does', () => {
    expect(summary(local, {})).toContain('models left out: 1 for want of PAID_KEY');
    expect(summary(local, { PAID_KEY: 'k' }).join()).not.toContain('left out');
  });

  it('says which routes and which judge name a model that wants a key', () => {
    const config: ConfigInput = {
      ...local,
      judge: { model: 'there' },
      routes: [{ name: 'vip', match: { path: '/v1/messages' }, model: 'there' }],
    };
    expect(summary(config, {})).toEqual(
      expect.arrayContaining([
        'NOT AVAILABLE: static route vip names there, which needs PAID_KEY',
        'NOT AVAILABLE: judge.model names there, which needs PAID_KEY',
      ]),
    );
    expect(summary(config, { PAID_KEY: 'k' }).join()).not.toContain('NOT AVAILABLE');
  });

  it('says that the demo answers', () => {
    expect(summary(local, {}, true)[0]).toMatch(/^DEMO/);
  });
});
