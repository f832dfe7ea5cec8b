import { Agent } from 'undici';
import { DIALECT_IDS } from '../../src/core/chat.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { withBreaker } from '../../src/providers/breaker.ts';
import { withBulkhead } from '../../src/providers/bulkhead.ts';
import { createDemoProvider } from '../../src/providers/demo.ts';
import { createKeyPool } from '../../src/providers/key-pool.ts';
import { createUpstream } from '../../src/providers/upstream.ts';
import { createAddress } from '../../src/providers/wire.ts';
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
      address: createAddress({ dialect: id, baseUrl: fake.baseUrl }),
      keys: createKeyPool({ provider: 'up', keys: ['key'], cooldownMs: 1_000, clock: createFakeClock() }),
      headers: {},
      modelInBody: true,
      extraBody: {},
      timeoutMs: 5_000,
      streamTimeoutMs: 5_000,
      firstByteTimeoutMs: 5_000,
      idleTimeoutMs: 5_000,
      dispatcher: agent,
      clock: createFakeClock(),
    });
    const provider = guarded
      ? withBreaker(withBulkhead(upstream, { concurrent: 4, queued: 4 }), {
          failures: 3,
          cooldownMs: 1_000,
          now: () => 0,
        })
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
