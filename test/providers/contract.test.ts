import { Agent } from 'undici';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { createDemoProvider } from '../../src/providers/demo.ts';
import { withBreaker, withBulkhead } from '../../src/providers/resilience.ts';
import { createUpstream } from '../../src/providers/upstream.ts';
import { providerContract } from '../contracts/provider.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { answers, startUpstream } from '../fakes/upstream.ts';

const WORDS = 'three short words';

for (const id of DIALECT_IDS) {
  const open = async (guarded: boolean) => {
    const fake = await startUpstream();
    fake.otherwise(() => answers(WORDS));
    const agent = new Agent();
    const upstream = createUpstream({
      id: 'up',
      dialect: createDialects()[id],
      baseUrl: fake.baseUrl,
      apiKey: () => 'key',
      headers: {},
      timeoutMs: 5_000,
      firstByteTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      dispatcher: agent,
      clock: createFakeClock(),
    });
    const provider = guarded
      ? withBreaker(withBulkhead(upstream, 4), { failures: 3, cooldownMs: 1_000 })
      : upstream;
    return {
      provider,
      model: 'some-model',
      close: async () => {
        await agent.destroy();
        await fake.close();
      },
    };
  };
  providerContract(`an upstream that speaks ${id}`, () => open(false));
  providerContract(`the same behind breaker and bulkhead (${id})`, () => open(true));
}

providerContract('the demo', async () => ({
  provider: createDemoProvider({
    dialect: createDialects()['openai-chat'],
    newId: () => 'x',
    now: () => 1_700_000_000_000,
  }),
  model: 'demo-simple',
  close: async () => {},
}));
