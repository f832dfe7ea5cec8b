import { describe, expect, it } from 'vitest';
import { boundsOf, clamp, rangeOf } from '../../../src/routing/policy/bounds.ts';
import {
  type BoundSettings,
  readRequestBounds,
  withoutRouterMetadata,
} from '../../../src/routing/policy/bounds-input.ts';
import { requestOf } from '../../fakes/requests.ts';

const raw = (metadata?: object) => ({
  raw: { model: 'auto', ...(metadata ? { metadata: { ...metadata } } : {}) },
});

describe('bounds of a request', () => {
  it.each([
    ['x-router-min-tier', 'moderate', { min_tier: 'moderate' }],
    ['x-router-max-tier', ' Complex ', { max_tier: 'complex' }],
    ['x-router-quality', '0', { quality: 0 }],
    ['x-router-quality', '1', { quality: 1 }],
    ['x-router-quality', '0.95', { quality: 0.95 }],
    ['x-router-max-cost-usd', '0.005', { max_cost_usd: 0.005 }],
    ['x-router-max-cost-usd', '5e-4', { max_cost_usd: 0.0005 }],
    ['x-router-max-cost-soft', 'TRUE', { max_cost_soft: true }],
    ['x-router-prefer-cost', 'false', { prefer_cost: false }],
    ['x-router-batch-eligible', 'true', { batch_eligible: true }],
    ['x-router-upgrades', 'false', { upgrades: false }],
    ['x-router-downgrades', 'false', { downgrades: false }],
  ])('are read from the header %s: %s', (name, value, settings) => {
    expect(readRequestBounds(raw(), { [name]: value }).settings).toEqual(settings);
  });

  it.each([
    ['x-router-min-tier', '', 'simple, moderate, complex'],
    ['x-router-max-tier', 'auto', 'simple, moderate, complex'],
    ['x-router-quality', '1.1', '0 to 1'],
    ['x-router-quality', '-0.1', '0 to 1'],
    ['x-router-quality', '90%', '0 to 1'],
    ['x-router-quality', 'NaN', '0 to 1'],
    ['x-router-quality', '0x1', '0 to 1'],
    ['x-router-max-cost-usd', '0', 'US dollars'],
    ['x-router-max-cost-usd', '$1', 'US dollars'],
    ['x-router-max-cost-usd', 'Infinity', 'US dollars'],
    ['x-router-max-cost-soft', '1', 'true, false'],
    ['x-router-batch-eligible', 'yes', 'true, false'],
    ['x-router-min-tier', 'constructor', 'simple, moderate, complex'],
    ['x-router-prefer-cost', 'toString', 'true, false'],
  ])('are refused in the header %s: %j', (name, value, allowed) => {
    expect(() => readRequestBounds(raw(), { [name]: value })).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        field: name,
        message: expect.stringMatching(new RegExp(`^${name}: .*allowed: .*${allowed}`)),
      }),
    );
  });

  it('are read from the metadata, also as numbers and booleans, and named so', () => {
    const metadata = { router_min_tier: 'moderate', router_max_cost_usd: 0.01, router_batch_eligible: true };
    const { settings, fields } = readRequestBounds(raw(metadata), {});
    expect(settings).toEqual({ min_tier: 'moderate', max_cost_usd: 0.01, batch_eligible: true });
    expect(fields.min_tier).toBe('metadata.router_min_tier');
    expect(() => readRequestBounds(raw({ router_quality: [1] }), {})).toThrow(/^metadata\.router_quality: /);
  });

  it('of the header go before those of the metadata', () => {
    const { settings } = readRequestBounds(raw({ router_min_tier: 'simple' }), {
      'x-router-min-tier': 'complex',
    });
    expect(settings).toEqual({ min_tier: 'complex' });
  });

  it('may not have the lowest tier above the highest, wherever the two stand', () => {
    const headers = { 'x-router-max-tier': 'simple' };
    const ask = () =>
      boundsOf({ request: raw({ router_min_tier: 'complex' }), headers, route: undefined, policy: {} });
    expect(ask).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: expect.stringContaining(
          'metadata.router_min_tier: complex is above x-router-max-tier: simple',
        ),
      }),
    );
  });
});

describe('levels', () => {
  const levels = (headers: Record<string, string>, route?: BoundSettings) =>
    boundsOf({
      request: raw(),
      headers,
      route: route && { name: 'r', ...route },
      policy: { max_tier: 'moderate', quality: 0.8 },
    });

  it('yield to the nearest: the request, its route, the policy', () => {
    expect(levels({}).max_tier).toEqual({ value: 'moderate', from: 'policy', explicit: false });
    expect(levels({}, { max_tier: 'simple' }).max_tier).toMatchObject({ value: 'simple', from: 'route r' });
    expect(levels({ 'x-router-max-tier': 'complex' }, { max_tier: 'simple' }).max_tier).toEqual({
      value: 'complex',
      from: 'x-router-max-tier',
      explicit: true,
    });
    expect(levels({}, { max_tier: 'simple' }).quality).toMatchObject({ value: 0.8, from: 'policy' });
  });
});

describe('a range of tiers', () => {
  it('is what all limits allow; one that would leave none yields to those before it', () => {
    const range = rangeOf([
      { min: 'moderate', from: 'a' },
      { max: 'simple', from: 'b' },
      { max: 'moderate', from: 'c' },
    ]);
    expect(range).toEqual({
      min: 'moderate',
      max: 'moderate',
      from: ['at least moderate (a)', 'at most moderate (c)'],
      yielded: ['at most simple (b)'],
    });
    expect([clamp('simple', range), clamp('complex', range)]).toEqual(['moderate', 'moderate']);
  });
});

describe('the metadata that only the router reads', () => {
  it('goes, and nothing else; the whole field where nothing else is in it', () => {
    const body = { model: 'auto', metadata: { router_min_tier: 'simple', team: 'a' }, temperature: 1 };
    const request = requestOf('hi', { raw: body, metadata: { router_min_tier: 'simple', team: 'a' } });
    const sent = withoutRouterMetadata(request);
    expect(JSON.stringify(sent.raw)).toBe('{"model":"auto","metadata":{"team":"a"},"temperature":1}');
    expect(sent.metadata).toEqual({ team: 'a' });
    const only = requestOf('hi', { raw: { model: 'auto', metadata: { router_quality: '1' } } });
    expect(withoutRouterMetadata(only).raw).toEqual({ model: 'auto' });
  });

  it('leaves a request without it the very same', () => {
    const request = requestOf('hi', { raw: { model: 'auto', metadata: { routers: 'x' } } });
    expect(withoutRouterMetadata(request)).toBe(request);
  });
});
