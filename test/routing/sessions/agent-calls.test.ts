import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ChatRequest, DialectId } from '../../../src/core/chat.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { TIERS, type Tier } from '../../../src/core/tier.ts';
import { createDialects } from '../../../src/dialects/index.ts';
import { agentCallOf, kindOf } from '../../../src/routing/sessions/agent-calls.ts';
import type { AgentCallKind } from '../../../src/routing/sessions/agent-calls-marks.ts';

interface Fixture {
  readonly agent: string;
  readonly what: string;
  readonly kind: AgentCallKind | null;
  readonly dialect: DialectId;
  readonly body: JsonObject;
}

const path = new URL('../../fixtures/agents/calls.json', import.meta.url);
const fixtures = JSON.parse(readFileSync(path, 'utf8')) as Fixture[];
const dialects = createDialects();
const requestOf = ({ dialect, body }: Fixture): ChatRequest => dialects[dialect].decodeRequest(body);

const TIER_OF: Readonly<Record<AgentCallKind, Tier>> = {
  safety_check: 'moderate',
  probe: 'simple',
  topic: 'simple',
  title: 'simple',
  suggestion: 'simple',
  summary: 'moderate',
};

describe('calls that coding agents make on their own account', () => {
  it.each(fixtures)('$agent $what: $kind', (fixture) => {
    expect(kindOf(requestOf(fixture))).toBe(fixture.kind ?? undefined);
  });

  it('cover every kind', () => {
    const covered = new Set(fixtures.map(({ kind }) => kind).filter((kind) => kind !== null));
    expect([...covered].sort()).toEqual(Object.keys(TIER_OF).sort());
  });

  const ofKind = (kind: AgentCallKind): ChatRequest => {
    const fixture = fixtures.find((each) => each.kind === kind);
    if (!fixture) throw new Error(`no fixture of ${kind}`);
    return requestOf(fixture);
  };

  it.each(Object.keys(TIER_OF) as AgentCallKind[])('go to the tier of their kind: %s', (kind) => {
    const call = agentCallOf(ofKind(kind), TIER_OF, () => undefined);
    expect(call).toMatchObject({ kind, tier: TIER_OF[kind] });
  });

  it.each(TIERS)('are never a safety check below the tier of the session, here %s', (session) => {
    const call = agentCallOf(ofKind('safety_check'), TIER_OF, () => session);
    expect(call?.tier).toBe(session === 'complex' ? 'complex' : 'moderate');
    expect(agentCallOf(ofKind('title'), TIER_OF, () => session)?.tier).toBe('simple');
  });

  it('are searched in time linear in a long prompt', () => {
    const long = requestOf({
      agent: '',
      what: '',
      kind: null,
      dialect: 'openai-chat',
      body: { model: 'auto', messages: [{ role: 'user', content: '<description>'.repeat(200_000) }] },
    });
    expect(kindOf(long)).toBeUndefined();
  });
});
