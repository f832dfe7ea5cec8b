import { z } from 'zod';
import type { Tool, ToolChoice } from '../../core/chat.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Losses } from '../losses.ts';
import { jsonObject, parseAt, present, typedObject } from '../validate.ts';

/** Longest tool name the format allows. */
const MAX_NAME = 64;

const functionDefinition = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: jsonObject.nullish(),
  strict: z.boolean().nullish(),
});
const toolList = z.array(typedObject);
const functionTool = z.looseObject({ function: functionDefinition });

function decodeFunction(definition: z.output<typeof functionDefinition>): Tool {
  const { name, description, parameters, strict } = definition;
  return {
    type: 'function',
    name,
    parameters: parameters ?? { type: 'object', properties: {} },
    ...present({ description, strict }),
  };
}

/** The tools of a request, the legacy `functions` among them. Tools that are not functions stay opaque. */
export function decodeTools(tools: unknown, functions: unknown): readonly Tool[] {
  const current = parseAt(toolList.nullish(), tools, 'tools') ?? [];
  const legacy = parseAt(z.array(functionDefinition).nullish(), functions, 'functions') ?? [];
  return [
    ...current.map((tool, index): Tool => {
      if (tool.type === 'function')
        return decodeFunction(parseAt(functionTool, tool, `tools[${index}]`).function);
      return { type: 'builtin', dialect: 'openai-chat', name: tool.type, raw: tool };
    }),
    ...legacy.map(decodeFunction),
  ];
}

const named = z.looseObject({ name: z.string().min(1) });
const choice = z.union(
  [
    z.enum(['auto', 'none', 'required', 'any']),
    z.looseObject({ type: z.string().nullish(), function: named.nullish() }),
  ],
  { error: 'must be "auto", "none", "required" or an object that names a function' },
);

/** What `tool_choice` asks for (`any` is `required` under another name); undefined where only this dialect can say it (allowed or custom tools). */
export function decodeToolChoice(value: unknown): ToolChoice | undefined {
  const chosen = parseAt(choice.nullish(), value, 'tool_choice');
  if (chosen === undefined || chosen === null) return undefined;
  if (typeof chosen === 'string') return chosen === 'any' ? 'required' : chosen;
  return chosen.function ? { name: chosen.function.name } : undefined;
}

/** The legacy `function_call`: `auto`, `none` or the name of a function. */
export function decodeFunctionCall(value: unknown): ToolChoice | undefined {
  const legacy = z.union([z.enum(['auto', 'none']), named], {
    error: 'must be "auto", "none" or an object with a name',
  });
  const chosen = parseAt(legacy.nullish(), value, 'function_call');
  if (chosen === undefined || chosen === null) return undefined;
  return typeof chosen === 'string' ? chosen : { name: chosen.name };
}

/** Tool definitions for the wire. Refuses tools that another provider runs and names that are too long. */
export function encodeTools(tools: readonly Tool[], losses: Losses): JsonValue[] {
  return tools.map((tool): JsonValue => {
    if (tool.type === 'builtin') {
      return tool.dialect === 'openai-chat' ? tool.raw : losses.refuse(`The tool "${tool.name}"`, 'tools');
    }
    if (tool.name.length > MAX_NAME)
      losses.refuse(`A tool name of more than ${MAX_NAME} characters`, 'tools');
    const { name, description, parameters, strict } = tool;
    return { type: 'function', function: present({ name, description, parameters, strict }) };
  });
}

export function encodeToolChoice(chosen: ToolChoice | undefined): JsonValue | undefined {
  if (chosen === undefined || typeof chosen === 'string') return chosen;
  return { type: 'function', function: { name: chosen.name } };
}
