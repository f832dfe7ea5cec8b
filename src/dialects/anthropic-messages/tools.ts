import { z } from 'zod';
import type { Tool, ToolChoice } from '../../core/chat.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { jsonObject, parseAt, present } from '../validate.ts';

const toolList = z.array(jsonObject);
const toolHead = z.looseObject({ type: z.string().nullish(), name: z.string().nullish() });
const customTool = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: jsonObject,
  strict: z.boolean().nullish(),
});

/** The tools of a request. Those with a type of their own (web search, bash …) stay opaque. */
export function decodeTools(value: unknown): readonly Tool[] {
  const tools = parseAt(toolList.nullish(), value, 'tools') ?? [];
  return tools.map((tool, index): Tool => {
    const path = `tools[${index}]`;
    const { type, name } = parseAt(toolHead, tool, path);
    if (type && type !== 'custom') {
      return { type: 'builtin', dialect: 'anthropic-messages', name: name ?? type, raw: tool };
    }
    const custom = parseAt(customTool, tool, path);
    const { description, strict } = custom;
    return {
      type: 'function',
      name: custom.name,
      parameters: custom.input_schema,
      ...present({ description, strict }),
    };
  });
}

const choiceBody = z.looseObject({
  type: z.enum(['auto', 'any', 'tool', 'none']),
  disable_parallel_tool_use: z.boolean().nullish(),
});
const namedChoice = z.looseObject({ name: z.string().min(1) });

/** What `tool_choice` asks for, and whether calls may come in parallel. */
export function decodeToolChoice(value: unknown): { choice?: ToolChoice; parallel?: boolean } {
  const body = parseAt(choiceBody.nullish(), value, 'tool_choice');
  if (body === undefined || body === null) return {};
  const disabled = body.disable_parallel_tool_use;
  const parallel = present({ parallel: typeof disabled === 'boolean' ? !disabled : undefined });
  switch (body.type) {
    case 'any':
      return { choice: 'required', ...parallel };
    case 'tool':
      return { choice: { name: parseAt(namedChoice, body, 'tool_choice').name }, ...parallel };
    default:
      return { choice: body.type, ...parallel };
  }
}

/** Tool definitions for the wire. Refuses tools that only another dialect knows. */
export function encodeTools(tools: readonly Tool[], losses: Losses): JsonObject[] {
  return tools.map((tool) => {
    if (tool.type === 'builtin') {
      return tool.dialect === 'anthropic-messages'
        ? tool.raw
        : losses.refuse(`The tool "${tool.name}"`, 'tools');
    }
    const { name, description, parameters, strict } = tool;
    const schema = parameters.type === undefined ? { type: 'object', ...parameters } : parameters;
    return { name, input_schema: schema, ...present({ description, strict }) };
  });
}

const CHOICE_TYPES = { auto: 'auto', none: 'none', required: 'any' } as const;

/** `tool_choice` for the wire; undefined where the default says the same. */
export function encodeToolChoice(
  choice: ToolChoice | undefined,
  parallel: boolean | undefined,
): JsonValue | undefined {
  const disable = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === undefined) return parallel === false ? { type: 'auto', ...disable } : undefined;
  if (choice === 'none') return { type: 'none' };
  if (typeof choice === 'string') return { type: CHOICE_TYPES[choice], ...disable };
  return { type: 'tool', name: choice.name, ...disable };
}
