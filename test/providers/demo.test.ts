import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../src/core/chat.ts';
import type { ProviderResult } from '../../src/core/ports.ts';
import { TIERS } from '../../src/core/tier.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { createDemoProvider, DEMO_PROVIDER, demoModels } from '../../src/providers/demo.ts';
import { requestOf } from '../fakes/requests.ts';

const demo = createDemoProvider({
  dialect: createDialects()['openai-chat'],
  newId: () => 'x',
  now: () => 1_700_000_000_000,
});
const signal = new AbortController().signal;

function ask(model: string, over: Partial<ChatRequest> = {}): Promise<ProviderResult> {
  return demo.complete({ request: requestOf('hi', over), upstreamModel: model, signal });
}

function textOf({ response }: ProviderResult): string {
  return response.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

describe('the demo models', () => {
  it('are one a tier, free, and of the demo provider', () => {
    const models = demoModels();
    expect(models.map(({ tier }) => tier)).toEqual([...TIERS]);
    for (const { provider, price } of models) {
      expect(provider).toBe(DEMO_PROVIDER);
      expect([price?.input, price?.output]).toEqual([0, 0]);
    }
  });
});

describe('the demo provider', () => {
  it.each(TIERS)('says plainly that it is a demo and which tier was chosen (%s)', async (tier) => {
    const text = textOf(await ask(`demo-${tier}`));
    expect(text).toContain('demo');
    expect(text).toContain('no language model was called');
    expect(text).toContain(`${tier} tier`);
  });

  it.each([{ type: 'json_object' } as const, { type: 'json_schema', name: 's', schema: {} } as const])(
    'answers in JSON where $type is asked for',
    async (responseFormat) => {
      expect(JSON.parse(textOf(await ask('demo-simple', { responseFormat })))).toMatchObject({ demo: true });
    },
  );
});
