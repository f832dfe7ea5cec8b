import { describe, expect, it } from 'vitest';
import { parseWanted } from '../../../src/routing/policy/override.ts';
import { modelOf } from '../../fakes/requests.ts';

const MODELS = [modelOf('small', 'simple')];

describe('parseWanted', () => {
  it.each([
    { requested: 'auto', wanted: { kind: 'auto' } },
    { requested: 'auto:complex', wanted: { kind: 'tier', tier: 'complex' } },
    { requested: 'small', wanted: { kind: 'model', model: MODELS[0] } },
  ])('reads $requested', ({ requested, wanted }) => {
    expect(parseWanted(requested, { models: MODELS })).toEqual(wanted);
  });

  it.each(['auto:hard', 'AUTO', 'nothing', ''])('refuses "%s" and says what is allowed', (requested) => {
    expect(() => parseWanted(requested, { models: MODELS })).toThrow(/Allowed: auto, auto:simple.*small/);
  });

  it('says which key a configured model waits for', () => {
    const unavailable = [{ model: 'gpt-5', missing: 'OPENAI_API_KEY' }];
    expect(() => parseWanted('gpt-5', { models: MODELS, unavailable })).toThrow(/OPENAI_API_KEY is not set/);
  });
});
