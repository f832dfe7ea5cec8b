import { describe, expect, it } from 'vitest';
import { isLocal } from '../../src/http/only-local.ts';

const HOST = '127.0.0.1:8787';

describe('a caller on this machine', () => {
  it.each([
    ['127.0.0.1', { host: HOST }],
    ['::1', { host: '[::1]:8787' }],
    ['::ffff:127.0.0.1', { host: 'localhost:8787' }],
    ['127.0.0.1', { host: HOST, origin: `http://${HOST}` }],
  ])('is one at %s with %j', (remoteAddress, headers) => {
    expect(isLocal({ remoteAddress, headers })).toBe(true);
  });

  it.each([
    ['10.0.0.7', { host: HOST }],
    ['::ffff:10.0.0.7', { host: HOST }],
    ['127.0.0.1.evil', { host: HOST }],
    [undefined, { host: HOST }],
    ['127.0.0.1', {}],
    ['127.0.0.1', { host: 'rebound.example:8787' }],
    ['127.0.0.1', { host: HOST, 'x-forwarded-for': '10.0.0.7' }],
    ['127.0.0.1', { host: HOST, forwarded: 'for=10.0.0.7' }],
    ['127.0.0.1', { host: HOST, origin: 'https://evil.example' }],
    ['127.0.0.1', { host: HOST, origin: 'null' }],
  ])('is none at %s with %j', (remoteAddress, headers) => {
    expect(isLocal({ remoteAddress, headers })).toBe(false);
  });
});
