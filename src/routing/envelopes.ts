/**
 * What coding harnesses put around the words of their user: reminders, environment blocks, tool results as text,
 * system prompts of their own. The classifier does not read it; what is sent keeps it.
 *
 * Each name and mark below is one that a harness really sends. Names that people use in their own prompts
 * (`<context>`, `<instructions>`, `<file>`) are not among them: those are part of what is asked.
 */

/** Blocks of a harness, from the opening mark to the closing one. */
const ENVELOPE_NAMES = [
  // Claude Code and its editor extensions
  'system-reminder|system_reminder|session-start-hook|user-prompt-submit-hook|local-command-caveat',
  'local-command-stdout|local-command-stderr|command-name|command-message|command-args|command-contents',
  'bash-input|bash-stdout|bash-stderr|task-notification|teammate-message|new-diagnostics',
  'ide_opened_file|ide_selection|ide_diagnostics',
  // Cline, Roo, Kilo
  'environment_details|explicit_instructions|git_working_state|file_content|folder_content|url_content',
  // Codex
  'environment_context|user_instructions|permissions instructions|collaboration_mode|turn_aborted|user_shell_command',
  // Cursor, Windsurf
  'additional_data|attached_files|open_and_recently_viewed_files|recently_viewed_files|current_file|project_layout',
  'manually_added_selection|cursor_rules_context|linter_errors|edit_history|agent_transcripts|additional_metadata',
  'ephemeral_message|user_information|user_rules',
  // Copilot, OpenCode, Kiro, Gemini CLI
  'environment|env|environment_info|environmentcontext|workspace_info|user_info|git_status|editorcontext|repocontext',
  'reminderinstructions|modeinstructions|conversation-summary|steering-reminder|session_context',
].join('|');
/** The longest run of attributes that is read as part of a mark. */
const ENVELOPE_MARK = new RegExp(`<(/?)(${ENVELOPE_NAMES})(?:\\s[^<>]{0,300})?>`, 'gi');

/** Marks inside which a harness puts its user's words, and nothing else: what stands outside is its own. */
const ASK_MARK = /<(\/?)(user_query|userRequest|user_request|user_message)>/gi;
/** Such marks too, but only in a text that a harness is known to have made. */
const ANSWER_MARK = /<(\/?)(feedback|answer)>/gi;

/** Headings under which an editor's extension puts its user's words after what it found open. */
const SETUP_START = /^\s*# (?:Context from my IDE setup|Files mentioned by the user):/;
const SETUP_REQUEST = '## My request for Codex:';
/** Rules that aider repeats behind the words of its user. */
const AIDER_RULES = '\n# *SEARCH/REPLACE block* Rules:';
/** Messages that are nothing but the harness's. */
const HARNESS_MESSAGE =
  /^\s*(?:# AGENTS\.md instructions for |\[Request interrupted by user|I have \*added these files to the chat\*|Here are summaries of some files present in my git repo|This is the Gemini CLI\. We are setting up the context|Called the \w+ tool with the following input:)/;
/** A tool's result in the form of text, as harnesses without native tool calls send it. */
const TEXT_RESULT = /^\s*\[\w+(?: for '[^'\n]{0,500}')?\] Result:/;

const HARNESS_PROMPT = new RegExp(
  [
    'x-anthropic-billing-header:',
    "You are (?:Claude Code|a Claude agent, built on Anthropic's|Cline|Roo\\b|Kilo Code|opencode|Codex|GitHub Copilot|Kiro|Goose\\b|Cascade|an agent for Claude Code)",
    'You are (?:a coding agent running in the Codex CLI|an interactive CLI (?:agent|tool) )',
    'You are an? (?:powerful )?(?:agentic )?AI coding assistant(?:, powered by| called)',
    'You are an expert AI programming assistant, working with a user in the VS Code editor',
    'You are an AI assistant accessed via an API\\. .{0,80}Codex',
    'Act as an expert software developer\\.\\s+Always use best practices when coding',
  ].join('|'),
);
/** A system prompt names its harness here or nowhere, characters. */
const PROMPT_HEAD = 300;

/**
 * The text with each tagged envelope, from its opening mark to the next closing mark of the same name, replaced by a
 * space. Reads the text once however many marks are never closed.
 */
function withoutTagged(text: string): string {
  const marks = [...text.matchAll(ENVELOPE_MARK)].map((match) => ({
    closes: match[1] === '/',
    name: (match[2] ?? '').toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
  if (marks.length === 0) return text;
  const lastClosing = new Map(marks.filter(({ closes }) => closes).map(({ name, start }) => [name, start]));
  const kept: string[] = [];
  let from = 0;
  let inside: string | undefined;
  for (const { closes, name, start, end } of marks) {
    if (inside === undefined && !closes && (lastClosing.get(name) ?? -1) > start) {
      kept.push(text.slice(from, start), ' ');
      inside = name;
    } else if (closes && name === inside) {
      from = end;
      inside = undefined;
    }
  }
  return [...kept, text.slice(from)].join('');
}

/** What stands between the last pair of the marks; undefined where there is no pair, or nothing in it. */
function lastInside(text: string, mark: RegExp): string | undefined {
  let open: { name: string; end: number } | undefined;
  let found: string | undefined;
  for (const match of text.matchAll(mark)) {
    const name = (match[2] ?? '').toLowerCase();
    if (match[1] !== '/') open = { name, end: match.index + match[0].length };
    else if (open?.name === name) {
      found = text.slice(open.end, match.index);
      open = undefined;
    }
  }
  return found === undefined || found.trim() === '' ? undefined : found;
}

function withoutSetup(text: string): string {
  if (SETUP_START.test(text)) {
    const at = text.lastIndexOf(SETUP_REQUEST);
    if (at !== -1) return text.slice(at + SETUP_REQUEST.length);
  }
  const rules = text.indexOf(AIDER_RULES);
  return rules === -1 ? text : text.slice(0, rules);
}

/** The text without what a harness put around its user's words; blank where it is all the harness's. */
export function withoutEnvelopes(text: string): string {
  if (HARNESS_MESSAGE.test(text)) return ' ';
  const bare = withoutSetup(withoutTagged(text));
  const asked = lastInside(bare, ASK_MARK);
  if (asked !== undefined) return asked;
  const madeByHarness = bare !== text || TEXT_RESULT.test(text);
  return (madeByHarness ? lastInside(bare, ANSWER_MARK) : undefined) ?? bare;
}

/** True for a tool's result in the form of a user's text, unless the user answers in it. */
export function isTextResult(text: string): boolean {
  return TEXT_RESULT.test(text) && lastInside(text, ANSWER_MARK) === undefined;
}

/** True for the system prompt of a coding harness, which says nothing of what is asked. */
export function isHarnessPrompt(text: string): boolean {
  return HARNESS_PROMPT.test(text.slice(0, PROMPT_HEAD));
}
