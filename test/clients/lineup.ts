/** The composed router before one scripted upstream that is asked in every dialect, for tests of client libraries. */
import { DIALECT_IDS, type DialectId } from '../../src/core/chat.ts';
import { type FakeUpstream, startUpstream } from '../fakes/upstream.ts';
import { startRouter, type TestRouter } from '../http/harness.ts';

export interface Lineup {
  readonly upstream: FakeUpstream;
  readonly router: TestRouter;
  /** Base URL for clients that append `/chat/completions` and the like. */
  readonly v1: string;
  close(): Promise<void>;
}

/** Id of the model that is served by an upstream of this dialect. */
export function modelVia(dialect: DialectId): string {
  return `via-${dialect}`;
}

export async function startLineup(): Promise<Lineup> {
  const upstream = await startUpstream();
  const router = await startRouter({
    builtin_catalog: false,
    classifier: { bundle: 'no-such-bundle' },
    judge: { model: 'none' },
    execution: { retries: 0, breaker_failures: 1_000 },
    providers: Object.fromEntries(
      DIALECT_IDS.map((dialect) => [dialect, { dialect, base_url: upstream.baseUrl }]),
    ),
    models: DIALECT_IDS.map((dialect) => ({
      id: modelVia(dialect),
      provider: dialect,
      tier: 'moderate' as const,
      vision: true,
      price: { input: 1, output: 10, as_of: '2026-11-01' },
    })),
  });
  return {
    upstream,
    router,
    v1: `${router.url}/v1`,
    async close() {
      await router.close();
      await upstream.close();
    },
  };
}

/** A tool every library can declare, and the call the upstream makes of it. */
export const WEATHER = {
  name: 'get_weather',
  description: 'Weather in a city.',
  schema: {
    type: 'object' as const,
    properties: { city: { type: 'string' as const } },
    required: ['city'],
    additionalProperties: false,
  },
  call: { id: 'call_1', name: 'get_weather', arguments: '{"city":"Oslo"}' },
};
