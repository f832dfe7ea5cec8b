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

function callsOf(response: ChatResponse): readonly ToolCallPart[] {
  return response.content.filter((part) => part.type === 'tool_call').slice(0, MAX_CALLS);
}

function functionOf(request: ChatRequest, name: string): FunctionTool | undefined {
  return request.tools.filter((tool) => tool.type === 'function').find((tool) => tool.name === name);
}

/** Tools that the provider runs may be called by names that the request does not list. */
function runsItsOwn(response: ChatResponse, request: ChatRequest): boolean {
  return (
    response.content.some(({ type }) => type === 'opaque') ||
    request.tools.some(({ type }) => type === 'builtin')
  );
}

function unknownTool(response: ChatResponse, request: ChatRequest): string | undefined {
  if (runsItsOwn(response, request)) return undefined;
  const known = callsOf(response).every(({ name }) => functionOf(request, name));
  return known ? undefined : 'it calls a tool that the request does not have';
}

/**
 * Passes an answer whose every tool call names a function of the request with arguments that parse and fit its JSON
 * Schema, and that has a call where the request demands one. A schema that cannot be compiled in time is not applied.
 */
export function createToolArgumentsValidator(name: string): Validator {
  const schemas = createRequestSchemas(createTimeLimit());

  function wrong(response: ChatResponse, request: ChatRequest): string | undefined {
    const unknown = unknownTool(response, request);
    if (unknown !== undefined) return unknown;
    for (const call of callsOf(response)) {
      const tool = functionOf(request, call.name);
      const reason = tool && wrongCall(call, tool, schemas);
      if (reason !== undefined) return reason;
    }
    return runsItsOwn(response, request) ? undefined : missingCall(request, callsOf(response));
  }

  const verdict = (reason: string | undefined): Verdict =>
    reason === undefined ? { ok: true } : { ok: false, reason };
  return {
    name,
    check(response, request) {
      try {
        return verdict(wrong(response, request));
      } catch {
        return { ok: true };
      }
    },
    prefix: (response, request) => verdict(unknownTool(response, request)),
  };
}
