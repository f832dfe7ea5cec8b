/** The OpenAPI 3.1 document, generated from the endpoint table and its schemas. */
import { z } from 'zod';
import { ERROR_CODES } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { scopeOf } from './auth.ts';
import type { Endpoint } from './endpoint.ts';
import { ROUTER_HEADERS } from './router-headers.ts';

/** The ways to send an API key; which one is the client's choice. */
const SECURITY_SCHEMES: JsonObject = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key of the router, as OpenAI clients send it.',
  },
  'x-api-key': {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'As Anthropic clients send it.',
  },
  'api-key': { type: 'apiKey', in: 'header', name: 'api-key', description: 'As Azure clients send it.' },
};

/** Paths that answer anybody. */
export const OPEN_PATHS: readonly string[] = ['/healthz', '/readyz'];

/** What a request may set beside its body; in the body's `metadata` as `router_min_tier` and so on. */
const REQUEST_HEADERS: Readonly<Record<string, string>> = {
  'x-router-min-tier': 'Lowest tier: simple, moderate or complex.',
  'x-router-max-tier': 'Highest tier, escalations included.',
  'x-router-quality': 'Wanted probability of a good answer, 0 to 1: the cheapest tier that reaches it.',
  'x-router-max-cost-usd': 'Highest estimated cost of the answer, USD.',
  'x-router-max-cost-soft': '`true`: where nothing fits the ceiling, the cheapest model answers.',
  'x-router-prefer-cost': '`false`: the best declared quality goes first among models that would do.',
  'x-router-upgrades': '`false`: a model asked for by name is not replaced by one of a higher tier.',
  'x-router-downgrades': '`false`: a model asked for by name is not replaced by one of a lower tier.',
  'x-router-batch-eligible': '`true`: the request can wait; it is marked for the report.',
  'x-router-task': 'Type of task, which static routes can match.',
  'x-router-session': 'Id of the conversation.',
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonObject;
  return json;
}

function parameters(endpoint: Endpoint): JsonObject[] {
  const inPath = [...endpoint.path.matchAll(/:(\w+)/g)].map((match) => ({
    name: match[1] ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const query = endpoint.query ? (schemaOf(endpoint.query, 'input').properties as JsonObject) : {};
  const inQuery = Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
  const inHeader = Object.entries(endpoint.routed || endpoint.bounded ? REQUEST_HEADERS : {}).map(
    ([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    }),
  );
  return [...inPath, ...inQuery, ...inHeader];
}

function operation(endpoint: Endpoint): JsonObject {
  const content: JsonObject = {
    [endpoint.produces ?? 'application/json']: { schema: schemaOf(endpoint.response, 'output') },
  };
  if (endpoint.streams) content['text/event-stream'] = { schema: { type: 'string' } };
  const headers = Object.fromEntries(
    Object.entries(ROUTER_HEADERS).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  );
  const found = parameters(endpoint);
  return {
    summary: endpoint.summary,
    operationId: `${endpoint.method}${endpoint.path.replace(/[^a-zA-Z]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    ...(OPEN_PATHS.includes(endpoint.path) ? { security: [] } : { 'x-scope': scopeOf(endpoint) }),
    ...(found.length === 0 ? {} : { parameters: found }),
    ...(endpoint.body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(endpoint.body, 'input') } },
          },
        }
      : {}),
    responses: {
      '200': { description: 'OK', ...(endpoint.routed ? { headers } : {}), content },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

/** Builds the document. Express paths (`:id`) become OpenAPI paths (`{id}`). */
export function buildOpenApi(endpoints: readonly Endpoint[], version: string): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [endpoint.method]: operation(endpoint) };
  }
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { status, says }]) => `\`${code}\` (${status}): ${says}`,
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'LLM router',
      version,
      description: 'Answers each LLM request with the cheapest model that is good enough.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] })),
    paths,
    components: {
      securitySchemes: SECURITY_SCHEMES,
      responses: {
        Error: {
          description: `An error in the dialect of the endpoint. Codes: ${codes.join(' ')}`,
          content: {
            'application/json': { schema: { type: 'object', properties: { error: { type: 'object' } } } },
          },
        },
      },
    },
  };
}
