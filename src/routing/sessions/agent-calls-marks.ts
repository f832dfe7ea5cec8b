/**
 * The looks of coding agents' own calls. A mark is a phrase of the agent's own prompt together with the shape of the
 * call; what a person might write alone is never enough.
 */

/** Kinds of calls, in the order in which they are recognised. */
const AGENT_CALL_KINDS = ['safety_check', 'probe', 'topic', 'title', 'suggestion', 'summary'] as const;
export type AgentCallKind = (typeof AGENT_CALL_KINDS)[number];

/** What is looked at. */
export interface CallShape {
  /** All system prompts. */
  readonly system: string;
  /** The last text of the user. */
  readonly user: string;
  /** There is one message besides the system prompt. */
  readonly onlyMessage: boolean;
  readonly tools: number;
  readonly maxOutputTokens: number | undefined;
  readonly stop: readonly string[];
}

export interface AgentCallMark {
  readonly kind: AgentCallKind;
  readonly matches: (shape: CallShape) => boolean;
}

function system(kind: AgentCallKind, ...patterns: readonly RegExp[]): AgentCallMark {
  return { kind, matches: (shape) => patterns.every((pattern) => pattern.test(shape.system)) };
}

function user(kind: AgentCallKind, ...patterns: readonly RegExp[]): AgentCallMark {
  return { kind, matches: (shape) => patterns.every((pattern) => pattern.test(shape.user)) };
}

/** The word in a request that only asks whether the key, the model or the quota is there. */
const PROBE_WORD = /^(?:quota|test|ping|hi|hello|foo|count|\.)$/i;

/** The mark behind the verdict of Claude Code's classifier of actions, at which its answer is cut. */
const VERDICT_END = /^<\/(?:severity|block)>$/;
const VERDICT_TOKENS = 256;

export const AGENT_CALL_MARKS: readonly AgentCallMark[] = [
  // Claude Code: is a command safe, which prefix may be allowed, which files does it read?
  system('safety_check', /\bprocess(?:es)? Bash commands\b/i, /\b(?:command prefix|prefix detection)\b/i),
  user('safety_check', /<policy_spec>/, /\bcommand_injection_detected\b|\bcommand prefix\b/i),
  system('safety_check', /\bExtract any file paths that this command reads or modifies\b/i),
  user('safety_check', /\bExtract any file paths that this command reads or modifies\b/i, /^Command:/m),
  system('safety_check', /\bsecurity monitor for autonomous AI\b/i),
  {
    kind: 'safety_check',
    matches: ({ stop, tools, maxOutputTokens = Number.POSITIVE_INFINITY }) =>
      tools === 0 && maxOutputTokens <= VERDICT_TOKENS && stop.some((text) => VERDICT_END.test(text)),
  },
  // Codex: is an action that the sandbox stops safe enough to allow?
  system('safety_check', /\bjudging one planned coding-agent action\b/i),
  system('safety_check', /\bsecurity analyst evaluating shell commands\b/i),
  // Cline, Gemini CLI, OpenHands: does a command need approval?
  system('safety_check', /\bsecurity risk assess(?:ment|or)\b/i, /\b(?:tool call|action|command)s?\b/i),
  system(
    'safety_check',
    /\bloop detection\b|\bunproductive state\b/i,
    /\bAI (?:agent|assistant|diagnostic)/i,
  ),

  {
    kind: 'probe',
    matches: ({ user: text, onlyMessage, tools, maxOutputTokens = Number.POSITIVE_INFINITY }) =>
      onlyMessage && tools === 0 && maxOutputTokens <= 16 && PROBE_WORD.test(text),
  },

  system('topic', /\bnew conversation topic\b/i, /\bisNewTopic\b/),

  // Claude Code, OpenCode, Codex, Cline, Roo, Copilot, Zed, Open WebUI
  system('title', /\bconcise, sentence-case title\b/i, /\bcoding session\b/i),
  system('title', /\bSummarize this coding conversation in under \d+ characters\b/i),
  system('title', /^\W*You are a (?:thread )?title generator\b/im),
  system('title', /\bexpert in crafting (?:pithy|ultra-compact|concise) titles?\b/i),
  system(
    'title',
    /\bgenerat\w+ (?:a )?(?:short|concise|brief) (?:ui )?titles? for (?:a |the )?(?:task|session|chat|conversation|thread)\b/i,
  ),
  user(
    'title',
    /^\s*(?:Write|Generate|Create) an? (?:short |concise |brief )?\d+[-–]\d+ word title for the following conversation\b/i,
  ),
  user('title', /^### Task:\s*Generate a concise, \d+[-–]\d+ word title\b/i),
  user(
    'title',
    /^Generate a (?:concise|short|brief) \d+[-–]\d+ word title for this conversation, omitting punctuation\b/i,
  ),
  user('title', /\bname for a git branch\b|\bbranch name\b/i, /<description>[\s\S]{0,4000}<\/description>/),

  user('suggestion', /^\[SUGGESTION MODE\b/),
  system('suggestion', /\bpredict what the user (?:would|will|might) (?:type|say|ask) next\b/i),
  user('suggestion', /^### Task:\s*Suggest \d+[-–]\d+ relevant follow-up questions\b/i),
  system(
    'suggestion',
    /\bfollow-up (?:question|prompt)s? for the user\b/i,
    /\b(?:Copilot|VS Code|editor)\b/i,
  ),

  // Claude Code, Cline, Roo, OpenCode, Codex, aider, Gemini CLI, Cursor
  system('summary', /\bhelpful AI assistant tasked with summari[sz]ing conversations\b/i),
  user(
    'summary',
    /\byour task is to create a (?:detailed|comprehensive) summary of the conversation so far\b/i,
  ),
  user('summary', /\bCONTEXT CHECKPOINT COMPACTION\b/),
  system(
    'summary',
    /\banchored context summarization assistant\b|\bcontext summarization assistant for coding sessions\b/i,
  ),
  user('summary', /\bdetailed prompt for continuing our conversation above\b/i),
  user('summary', /^\s*\*Briefly\* summarize this partial conversation about programming\b/),
  system('summary', /^\s*\*Briefly\* summarize this partial conversation about programming\b/),
  system('summary', /\bcomponent that summarizes internal chat history\b/i),
  user(
    'summary',
    /\bSummarize the conversation history so far\b/i,
    /\bcontext window\b|<conversation-summary>/i,
  ),
];
