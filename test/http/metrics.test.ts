import { expect, it } from 'vitest';
import { startRouter } from './harness.ts';

it('/metrics tells in the text format of Prometheus what was answered', async () => {
  const router = await startRouter();
  try {
    for (const prompt of ['What is 2 + 2?', 'Spell the word garden']) {
      expect((await router.post('/v1/route', { prompt })).status).toBe(200);
    }
    await router.post('/v1/classify', { prompt: 'not recorded' });
    const answer = await router.get('/metrics');
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    const finished = [...text.matchAll(/^llm_router_requests_total\{.*status="ok"\} (\d+)$/gm)];
    expect(finished.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(2);
    expect(text).toContain('# TYPE llm_router_request_duration_seconds histogram');
    expect(text).toContain('llm_router_alarm{name="facts_drifting"} 0');
    expect(text).not.toContain('garden');
  } finally {
    await router.close();
  }
});
