/** Every endpoint, once: the app's routes, the OpenAPI document and the README's table come from this list. */
import { z } from 'zod';
import { ADMIN_ENDPOINTS } from './admin-endpoints.ts';
import type { Endpoint } from './endpoint.ts';
import { createCompletions } from './endpoints/completions.ts';
import { createCountTokens } from './endpoints/count-tokens.ts';
import { createDecisions, createFeedback, createStats } from './endpoints/records.ts';
import { createClassify, createRoute } from './endpoints/route.ts';
import { createHealth, createMetrics, createModel, createModels, createReady } from './endpoints/service.ts';
import {
  classifyRequest,
  classifyResponse,
  decisionResponse,
  feedbackRequest,
  feedbackResponse,
  healthResponse,
  modelResponse,
  modelsResponse,
  readyResponse,
  routeRequest,
  routeResponse,
  statsQuery,
  statsResponse,
} from './schemas.ts';
import {
  anthropicMessagesBody,
  chatCompletionsBody,
  countTokensAnswer,
  countTokensBody,
  inputTokensAnswer,
  responsesBody,
  wireAnswer,
} from './wire-schemas.ts';

/** Paths of others' APIs that clients of theirs may ask for, and why there is nothing behind them. */
export const NOT_OFFERED: readonly { readonly path: string; readonly says: string }[] = [
  '/v1/responses/:id',
  '/v1/responses/:id/cancel',
  '/v1/responses/:id/input_items',
].map((path) => ({
  path,
  says: 'Stored responses cannot be read, cancelled or deleted here: the router stores no answers, only the model provider may. Send the whole conversation as the input of POST /v1/responses.',
}));

export const ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    summary: 'OpenAI Chat Completions, streaming or not',
    body: chatCompletionsBody,
    response: wireAnswer,
    routed: true,
    streams: true,
    handler: (deps) => createCompletions(deps, deps.dialects['openai-chat']),
  },
  {
    method: 'post',
    path: '/v1/responses',
    summary: 'OpenAI Responses, streaming or not',
    body: responsesBody,
    response: wireAnswer,
    routed: true,
    streams: true,
    handler: (deps) => createCompletions(deps, deps.dialects['openai-responses']),
  },
  {
    method: 'post',
    path: '/v1/messages',
    summary: 'Anthropic Messages, streaming or not',
    body: anthropicMessagesBody,
    response: wireAnswer,
    routed: true,
    streams: true,
    handler: (deps) => createCompletions(deps, deps.dialects['anthropic-messages']),
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    summary:
      'The tokens of a body of Anthropic Messages, by the upstream where the model is pinned to one that can count',
    body: countTokensBody,
    response: countTokensAnswer,
    scope: 'chat',
    handler: (deps) =>
      createCountTokens(deps, deps.dialects['anthropic-messages'], {
        path: '/v1/messages',
        answer: (tokens) => ({ input_tokens: tokens }),
      }),
  },
  {
    method: 'post',
    path: '/v1/responses/input_tokens',
    summary: 'The same for a body of OpenAI Responses',
    body: responsesBody,
    response: inputTokensAnswer,
    scope: 'chat',
    handler: (deps) =>
      createCountTokens(deps, deps.dialects['openai-responses'], {
        path: '/v1/responses',
        answer: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
      }),
  },
  {
    method: 'get',
    path: '/v1/models',
    summary: 'The models a request may name: `auto`, `auto:<tier>` and every configured one',
    response: modelsResponse,
    scope: 'any',
    handler: createModels,
  },
  {
    method: 'get',
    path: '/v1/models/:id',
    summary: 'One of them',
    response: modelResponse,
    scope: 'any',
    handler: createModel,
  },
  {
    method: 'post',
    path: '/v1/route',
    summary: 'A plain prompt in, a tier and a response out',
    body: routeRequest,
    response: routeResponse,
    routed: true,
    handler: createRoute,
  },
  {
    method: 'post',
    path: '/v1/classify',
    summary: 'The decision alone, for one request or up to 1,000',
    body: classifyRequest,
    response: classifyResponse,
    bounded: true,
    scope: 'chat',
    handler: createClassify,
  },
  {
    method: 'post',
    path: '/v1/feedback',
    summary: 'A thumb, a score, the right tier or a comment on a decision; or take it back',
    body: feedbackRequest,
    response: feedbackResponse,
    scope: 'chat',
    handler: createFeedback,
  },
  {
    method: 'get',
    path: '/v1/decisions/:id',
    summary: 'One decision explained: what was known, asked, tried, paid and said of it',
    response: decisionResponse,
    scope: 'any',
    handler: createDecisions,
  },
  {
    method: 'get',
    path: '/v1/stats',
    summary:
      'Cost, tokens, latency, escalations and feedback by tier and model in a time window; a key without scope `read` sees its own',
    query: statsQuery,
    response: statsResponse,
    scope: 'any',
    handler: createStats,
  },
  {
    method: 'get',
    path: '/healthz',
    summary: 'The process runs',
    response: healthResponse,
    scope: 'any',
    handler: createHealth,
  },
  {
    method: 'get',
    path: '/readyz',
    summary: 'It can serve; 503 names what is missing',
    response: readyResponse,
    scope: 'any',
    handler: createReady,
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Counters, histograms and alarms in the text format of Prometheus',
    response: z.string(),
    produces: 'text/plain',
    scope: 'read',
    handler: createMetrics,
  },
  ...ADMIN_ENDPOINTS,
];
