import { z } from 'zod';
import type { Tool, ToolChoice } from '../../core/chat.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { jsonObject, parseAt, present, typedObject } from '../validate.ts';

/** Longest tool name the format allows. */
const MAX_NAME = 64;

const toolList = z.array(typedObject);
const functionTool = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
});

/**
 * The tools of a request; those that are not functions stay opaque. Only `strict: true` is a wish: where the field is
 * absent the format tries to be strict, and false is what the other dialects take for granted.
 */
export function decodeTools(value: unknown): readonly Tool[] {
  const tools = parseAt(toolList.nullish(), value, 'tools') ?? [];
  return tools.map((tool, index): Tool => {
    if (tool.type !== 'function') {
      return { type: 'builtin', dialect: 'openai-responses', name: tool.type, raw: tool };
    }
    const { name, description, parameters, strict } = parseAt(functionTool, tool, `tools[${index}]`);
    return {
      type: 'function',
      name,
      parameters: parameters ?? { type: 'object', properties: {} },
      ...present({ description, strict: strict === true ? true : undefined }),
    };
  });
}

const choice = z.union([z.enum(['auto', 'none', 'required']), typedObject], {
  error: 'must be "auto", "none", "required" or an object with a type',
});
const functionChoice = z.looseObject({ name: z.string().min(1) });
const allowedTools = z.looseObject({ mode: z.enum(['auto', 'required']), tools: z.array(typedObject) });

/** True where an entry of `allowed_tools` means this tool. */
function isMeant(tool: Tool, entry: JsonObject): boolean {
  if (tool.type === 'function') return entry.type === 'function' && entry.name === tool.name;
  return Object.entries(entry).every(([field, value]) => tool.raw[field] === value);
}

export interface DecodedChoice {
  readonly choice?: ToolChoice;
  /** The tools that may be called: all of them unless the choice says otherwise. */
  readonly tools: readonly Tool[];
}

/** What `tool_choice` asks for; no choice where it names a tool that only this dialect knows. */
export function decodeToolChoice(value: unknown, tools: readonly Tool[]): DecodedChoice {
  const chosen = parseAt(choice.nullish(), value, 'tool_choice');
  if (chosen === undefined || chosen === null) return { tools };
  if (typeof chosen === 'string') return { choice: chosen, tools };
  if (chosen.type === 'function') {
    return { choice: { name: parseAt(functionChoice, chosen, 'tool_choice').name }, tools };
  }
  if (chosen.type !== 'allowed_tools') return { tools };
  const { mode, tools: allowed } = parseAt(allowedTools, chosen, 'tool_choice');
  return { choice: mode, tools: tools.filter((tool) => allowed.some((entry) => isMeant(tool, entry))) };
}

/** True where the canonical request says all that this `tool_choice` does. */
export function isCarriedChoice(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) return true;
  return value.type === 'function' || value.type === 'allowed_tools';
}

/** Tool definitions for the wire. Refuses tools that another provider runs and names that are too long. */
export function encodeTools(tools: readonly Tool[], losses: Losses): JsonValue[] {
  return tools.map((tool): JsonValue => {
    if (tool.type === 'builtin') {
      return tool.dialect === 'openai-responses'
        ? tool.raw
        : losses.refuse(`The tool "${tool.name}"`, 'tools');
    }
    if (tool.name.length > MAX_NAME)
      losses.refuse(`A tool name of more than ${MAX_NAME} characters`, 'tools');
    const { name, description, parameters, strict } = tool;
    return { type: 'function', name, ...present({ description }), parameters, strict: strict ?? false };
  });
}

export function encodeToolChoice(chosen: ToolChoice | undefined): JsonValue | undefined {
  if (chosen === undefined || typeof chosen === 'string') return chosen;
  return { type: 'function', name: chosen.name };
}
