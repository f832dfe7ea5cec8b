import { type ChatRequest, type ChatResponse, textOf } from '../core/chat.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Validator, Verdict } from '../core/ports.ts';
import { compileSchema, createRequestSchemas, type Misfit } from './schema.ts';
import { createTimeLimit } from './time-limit.ts';

type Parsed = { readonly value: JsonValue } | { readonly reason: string };

const FENCE = '```';
const OPENING = /^```(?:json)?\s*\n/i;

/** The text without a Markdown fence around the whole of it. */
function unfenced(text: string): string {
  const opening = OPENING.exec(text)?.[0] ?? '';
  const isFenced = opening !== '' && text.endsWith(FENCE) && text.length >= opening.length + FENCE.length;
  return isFenced ? text.slice(opening.length, -FENCE.length).trim() : text;
}

/** Reads one JSON value; a single Markdown fence around it is allowed, as models often write one. */
function parseJson(text: string): Parsed {
  const body = unfenced(text.trim());
  if (body === '') return { reason: 'the answer has no text' };
  try {
    return { value: JSON.parse(body) as JsonValue };
  } catch {
    return { reason: 'the answer is not valid JSON' };
  }
}

/** How a JSON value or a fence around it begins, as far as the text goes. */
const BEGINNING = /^(?:$|[[{"`\d-]|t(?:r|$)|f(?:a|$)|n(?:u|$))/;

function judgeBeginning(response: ChatResponse): Verdict {
  const begins = BEGINNING.test(textOf(response).trimStart().slice(0, 10));
  return begins || callsTool(response) ? { ok: true } : { ok: false, reason: 'the answer is not valid JSON' };
}

const callsTool = (response: ChatResponse): boolean =>
  response.content.some((part) => part.type === 'tool_call');

/** Passes an answer whose text is one JSON value, or that calls a tool instead of answering. */
export function createJsonValidator(name: string): Validator {
  return {
    name,
    check(response): Verdict {
      const parsed = parseJson(textOf(response));
      if ('value' in parsed || callsTool(response)) return { ok: true };
      return { ok: false, reason: parsed.reason };
    },
    prefix: judgeBeginning,
  };
}

function judge(response: ChatResponse, misfit: Misfit): Verdict {
  const parsed = parseJson(textOf(response));
  if (!('value' in parsed)) {
    return callsTool(response) ? { ok: true } : { ok: false, reason: parsed.reason };
  }
  const wrong = misfit(parsed.value);
  return wrong === undefined ? { ok: true } : { ok: false, reason: `the JSON ${wrong}` };
}

/**
 * Passes an answer whose text is JSON that fits a JSON Schema (draft 2020-12).
 * Throws where the schema itself is not valid.
 */
export function createJsonSchemaValidator(name: string, schema: JsonObject): Validator {
  const misfit = compileSchema(schema, createTimeLimit());
  return {
    name,
    check(response): Verdict {
      try {
        return judge(response, misfit);
      } catch {
        return { ok: false, reason: 'a pattern of the schema takes too long over the answer' };
      }
    },
    prefix: judgeBeginning,
  };
}

/** Passes an answer that has the form the request itself asks for: any, JSON, or JSON that fits the request's schema. */
export function createResponseFormatValidator(name: string): Validator {
  const schemas = createRequestSchemas(createTimeLimit());
  const misfitFor = ({ responseFormat: wanted }: ChatRequest): Misfit | undefined => {
    if (wanted === undefined || wanted.type === 'text') return undefined;
    const any: Misfit = () => undefined;
    return wanted.type === 'json_schema' ? (schemas(wanted.schema) ?? any) : any;
  };
  return {
    name,
    check(response, request): Verdict {
      const misfit = misfitFor(request);
      if (!misfit) return { ok: true };
      try {
        return judge(response, misfit);
      } catch {
        return { ok: true };
      }
    },
    prefix: (response, { responseFormat: wanted }) =>
      wanted === undefined || wanted.type === 'text' ? { ok: true } : judgeBeginning(response),
  };
}
