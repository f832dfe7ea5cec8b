import type { ChatRequest, ChatResponse, FunctionTool, ToolCallPart } from '../core/chat.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import { createRequestSchemas, type RequestSchemas } from './schema.ts';
import { createTimeLimit } from './time-limit.ts';

/** Calls of one answer that are looked at. */
const MAX_CALLS = 64;

/** The arguments; undefined where they are not a JSON object. Some models write nothing for a tool without parameters. */
function parseArguments(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function wrongCall(call: ToolCallPart, tool: FunctionTool, schemas: RequestSchemas): string | undefined {
  const parsed = parseArguments(call.arguments);
  if (!parsed) return `the arguments of ${tool.name} are not a JSON object`;
  const misfit = schemas(tool.parameters)?.(parsed);
  return misfit === undefined ? undefined : `the arguments of ${tool.name} ${misfit}`;
}

function missingCall({ toolChoice, tools }: ChatRequest, calls: readonly ToolCallPart[]): string | undefined {
  if (tools.length === 0 || toolChoice === undefined || toolChoice === 'auto' || toolChoice === 'none') {
    return undefined;
  }
  if (calls.length === 0) return 'the answer calls no tool although the request demands it';
  if (toolChoice === 'required' || calls.some(({ name }) => name === toolChoice.name)) return undefined;
  return `the answer does not call ${toolChoice.name} although the request demands it`;
}

/**
 * Passes an answer whose every tool call names a function of the request with arguments that parse and fit its JSON
 * Schema, and that has a call where the request demands one. A schema that cannot be compiled in time is not applied.
 */
export function createToolArgumentsValidator(name: string): Validator {
  const schemas = createRequestSchemas(createTimeLimit());

  function wrong(response: ChatResponse, request: ChatRequest): string | undefined {
    const functions = request.tools.filter((tool) => tool.type === 'function');
    const foreign = response.content.some((part) => part.type === 'opaque');
    const runsItsOwn = foreign || functions.length < request.tools.length;
    const calls = response.content.filter((part) => part.type === 'tool_call');
    for (const call of calls.slice(0, MAX_CALLS)) {
      const tool = functions.find((candidate) => candidate.name === call.name);
      const reason = tool
        ? wrongCall(call, tool, schemas)
        : runsItsOwn
          ? undefined
          : 'it calls a tool that the request does not have';
      if (reason !== undefined) return reason;
    }
    return runsItsOwn ? undefined : missingCall(request, calls);
  }

  return {
    name,
    check(response, request): Verdict {
      try {
        const reason = wrong(response, request);
        return reason === undefined ? { ok: true } : { ok: false, reason };
      } catch {
        return { ok: true };
      }
    },
  };
}
