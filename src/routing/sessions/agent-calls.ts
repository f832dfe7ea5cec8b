/** What coding agents ask on their own account, without their user: recognised by what such calls look like. */
import type { ChatRequest } from '../../core/chat.ts';
import { TIERS, type Tier, tierRank } from '../../core/tier.ts';
import { AGENT_CALL_MARKS, type AgentCallKind, type CallShape } from './agent-calls-marks.ts';

/** A recognised call and the tier it is answered from. */
export interface AgentCall {
  readonly kind: AgentCallKind;
  readonly tier: Tier;
  /** Why, in plain words. */
  readonly reason: string;
}

/** Kinds whose answer decides about others' work: never below the tier that the session works on. */
const NEVER_BELOW_SESSION: ReadonlySet<AgentCallKind> = new Set(['safety_check']);

/** Longest text of one role that is searched: marks stand at the head or the tail of what an agent sends. */
const SEARCHED_HEAD = 12_000;
const SEARCHED_TAIL = 6_000;

function searched(text: string): string {
  if (text.length <= SEARCHED_HEAD + SEARCHED_TAIL) return text;
  return `${text.slice(0, SEARCHED_HEAD)}\n${text.slice(-SEARCHED_TAIL)}`;
}

function textsOf(request: ChatRequest, role: 'system' | 'user'): string[] {
  return request.messages
    .filter((message) => message.role === role)
    .map(({ content }) =>
      content
        .flatMap((part) => (part.type === 'text' ? [part.text] : []))
        .join('\n')
        .trim(),
    )
    .filter((text) => text !== '');
}

/** What the marks look at. */
function shapeOf(request: ChatRequest): CallShape {
  const users = textsOf(request, 'user');
  return {
    system: searched(textsOf(request, 'system').join('\n')),
    user: searched(users.at(-1) ?? ''),
    onlyMessage: request.messages.filter(({ role }) => role !== 'system').length === 1,
    tools: request.tools.length,
    maxOutputTokens: request.maxOutputTokens,
    stop: request.stop ?? [],
  };
}

/** The kind of call that the request is; undefined for what a user asks. */
export function kindOf(request: ChatRequest): AgentCallKind | undefined {
  const shape = shapeOf(request);
  return AGENT_CALL_MARKS.find(({ matches }) => matches(shape))?.kind;
}

function higher(a: Tier, b: Tier): Tier {
  return TIERS[Math.max(tierRank(a), tierRank(b))] ?? a;
}

/**
 * The call with its tier: the configured one of its kind; a safety check is never answered from a lower tier than
 * `sessionTier`, the one its session last worked on.
 */
export function agentCallOf(
  request: ChatRequest,
  tiers: Readonly<Record<AgentCallKind, Tier>>,
  sessionTier: () => Tier | undefined,
): AgentCall | undefined {
  const kind = kindOf(request);
  if (kind === undefined) return undefined;
  const known = NEVER_BELOW_SESSION.has(kind) ? sessionTier() : undefined;
  const tier = known === undefined ? tiers[kind] : higher(tiers[kind], known);
  const says = `a coding agent's own call (${kind.replaceAll('_', ' ')}) goes to ${tier}`;
  const reason = tier === tiers[kind] ? says : `${says}, the tier of its session`;
  return { kind, tier, reason };
}
