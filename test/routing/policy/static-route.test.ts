import { describe, expect, it } from 'vitest';
import type { ChatRequest } from '../../../src/core/chat.ts';
import { keyLabel, type RequestContext, sessionOf } from '../../../src/routing/context.ts';
import { matchRoute, type StaticRoute } from '../../../src/routing/policy/static-route.ts';
import { contextOf, requestOf } from '../../fakes/requests.ts';

const KEY = 'a'.repeat(64);

describe('matchRoute', () => {
  type Row = [string, StaticRoute['match'], Partial<RequestContext>, Partial<ChatRequest>, boolean];
  const cases: readonly Row[] = [
    ['an exact path', { path: '/v1/messages' }, { path: '/v1/messages' }, {}, true],
    ['no longer path', { path: '/v1/messages' }, { path: '/v1/messages/x' }, {}, false],
    ['any rest after a star', { path: '/v1/*' }, { path: '/v1/route' }, {}, true],
    ['nothing before the star’s stem', { path: '/v1/*' }, { path: '/v2/route' }, {}, false],
    ['header names in any case', { headers: { 'X-Team': 'a' } }, { headers: { 'x-team': 'a' } }, {}, true],
    ['header values exactly', { headers: { 'X-Team': 'a' } }, { headers: { 'x-team': 'A' } }, {}, false],
    ['no absent header', { headers: { 'X-Team': 'a' } }, {}, {}, false],
    ['metadata', { metadata: { task: 'x' } }, {}, { metadata: { task: 'x' } }, true],
    ['no other metadata', { metadata: { task: 'x' } }, {}, { metadata: { task: 'y' } }, false],
    ['a key by its hash', { api_key_sha256: KEY }, { apiKeySha256: KEY }, {}, true],
    ['no request without a key', { api_key_sha256: KEY }, {}, {}, false],
    ['only where all conditions hold', { path: '/v1/*', metadata: { a: 'b' } }, { path: '/v1/x' }, {}, false],
  ];
  it.each(cases)('matches %s', (_, match, context, request, matches) => {
    const route = { name: 'r', match, validators: [] };
    const found = matchRoute([route], requestOf('hi', request), contextOf(context));
    expect(found).toBe(matches ? route : undefined);
  });

  it('takes the first that matches', () => {
    const routes = ['a', 'b'].map((name) => ({ name, match: { path: '/*' }, validators: [] }));
    expect(matchRoute(routes, requestOf('hi'), contextOf())?.name).toBe('a');
  });
});

describe('sessionOf', () => {
  const cases: readonly [Record<string, string>, Record<string, string>, string | undefined][] = [
    [{}, {}, undefined],
    [{ 'x-router-session': 'a', 'x-session-id': 'b' }, { session_id: 'c' }, 'a'],
    [{ 'x-session-id': 'b' }, { session_id: 'c' }, 'b'],
    [{ 'x-router-session': '' }, { conversation_id: 'd', thread_id: 'e' }, 'd'],
    [{}, { thread_id: 'e' }, 'e'],
  ];
  it.each(cases)('of headers %j and metadata %j is %j', (headers, metadata, session) => {
    expect(sessionOf(requestOf('hi', { metadata }), contextOf({ headers }))).toBe(session);
  });
});

describe('keyLabel', () => {
  it('is a part of the hash, or nothing', () => {
    expect(keyLabel(contextOf({ apiKeySha256: KEY }))).toBe('a'.repeat(16));
    expect(keyLabel(contextOf())).toBeUndefined();
  });
});
