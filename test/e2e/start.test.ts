import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startServer } from './server.ts';

describe('a start that cannot succeed', () => {
  it.each([
    {
      what: 'a pattern',
      config: { validators: { order: { type: 'regex', pattern: '(' } } },
      says: 'validators.order: Invalid regular expression',
    },
    {
      what: 'a schema',
      config: { validators: { invoice: { type: 'json_schema', schema: { type: 'nonsense' } } } },
      says: 'validators.invoice: ',
    },
    { what: 'a store', config: {}, env: { ROUTER_STORE: '/dev/null/router.db' }, says: 'cannot be opened' },
  ])(
    'names $what that is of no use, without a stack trace',
    async ({ config, env, says }) => {
      const failure = await startServer({ config, ...(env ? { env } : {}) }).catch((error: Error) => error);
      expect(String(failure)).toContain(`is not valid:\n  - `);
      expect(String(failure)).toContain(says);
      expect(String(failure)).not.toMatch(/\n\s+at /);
    },
    30_000,
  );

  it('says what to do about an address that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const failure = await startServer({ env: { PORT: String(port) } }).catch((error: Error) => error);
    other.close();
    expect(String(failure)).toMatch(/EADDRINUSE.*Set PORT/);
    expect(String(failure)).not.toMatch(/\n\s+at /);
  }, 30_000);
});
