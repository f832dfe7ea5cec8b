import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode, RouterError } from '../../src/core/errors.ts';
import { createDialects } from '../../src/dialects/index.ts';
import { anthropicAnswered, openAiAnswered } from './clients.ts';

const dialects = createDialects();
const { 'openai-chat': openai, 'openai-responses': responses, 'anthropic-messages': anthropic } = dialects;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe('an error for a client', () => {
  it.each<[ErrorCode, string, string, string]>([
    ['invalid_request', 'invalid_request_error', 'invalid_request', 'invalid_request_error'],
    ['context_too_long', 'invalid_request_error', 'context_length_exceeded', 'invalid_request_error'],
    ['unauthorized', 'authentication_error', 'invalid_api_key', 'authentication_error'],
    ['unknown_model', 'invalid_request_error', 'model_not_found', 'not_found_error'],
    ['body_too_large', 'invalid_request_error', 'body_too_large', 'request_too_large'],
    ['upstream_rate_limited', 'rate_limit_error', 'rate_limit_exceeded', 'rate_limit_error'],
    ['upstream_error', 'server_error', 'upstream_error', 'api_error'],
    ['upstream_timeout', 'server_error', 'upstream_timeout', 'timeout_error'],
    ['overloaded', 'server_error', 'overloaded', 'overloaded_error'],
    ['internal', 'server_error', 'internal', 'api_error'],
  ])('%s has the names it knows', (code, openAiType, openAiCode, anthropicType) => {
    const error = new RouterError(code, 'Something about a prompt is too long.', { field: 'messages' });
    expect(openai.encodeError(error)).toEqual({
      error: { message: error.message, type: openAiType, code: openAiCode, param: 'messages' },
    });
    expect(responses.encodeError(error)).toEqual(openai.encodeError(error));
    expect(anthropic.encodeError(error)).toMatchObject({ type: 'error', error: { type: anthropicType } });
  });

  it('that a prompt is too long begins as Anthropic clients expect', () => {
    const error = new RouterError('context_too_long', 'It has 9 tokens.');
    expect(anthropic.encodeError(error)).toMatchObject({
      error: { message: 'prompt is too long: It has 9 tokens.' },
    });
  });

  it.each(CODES)('%s is raised by the official clients, message and all', async (code) => {
    const error = new RouterError(code, 'Set the field `model`.');
    const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }] };
    const openAiBody = JSON.stringify(openai.encodeError(error));
    const raised = openAiAnswered(openAiBody, 'application/json', error.status).chat.completions.create(ask);
    await expect(raised).rejects.toMatchObject({
      status: error.status,
      message: expect.stringContaining('Set the field'),
    });
    const anthropicBody = JSON.stringify(anthropic.encodeError(error));
    const client = anthropicAnswered(anthropicBody, 'application/json', error.status);
    await expect(client.messages.create({ max_tokens: 1, ...ask })).rejects.toMatchObject({
      status: error.status,
      message: expect.stringContaining('Set the field'),
    });
  });

  it('in a stream is raised by the official clients', async () => {
    const error = new RouterError('upstream_error', 'The provider broke off.');
    const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'hi' }], stream: true as const };
    const readOpenAi = async (): Promise<void> => {
      const stream = await openAiAnswered(openai.encodeStreamError(error)).chat.completions.create(ask);
      for await (const _ of stream);
    };
    const readAnthropic = async (): Promise<void> => {
      const client = anthropicAnswered(anthropic.encodeStreamError(error));
      for await (const _ of await client.messages.create({ max_tokens: 1, ...ask }));
    };
    const readResponses = async (): Promise<void> => {
      const client = openAiAnswered(responses.encodeStreamError(error));
      for await (const _ of await client.responses.create({ model: 'm', input: 'hi', stream: true }));
    };
    await expect(readOpenAi()).rejects.toBeInstanceOf(OpenAI.APIError);
    await expect(readResponses()).rejects.toThrow('The provider broke off.');
    await expect(readAnthropic()).rejects.toThrow('The provider broke off.');
  });
});

describe.each(Object.values(dialects))('an error of an upstream that speaks $id', (dialect) => {
  it.each<[number, unknown, ErrorCode]>([
    [400, { error: { message: 'bad', type: 'invalid_request_error' } }, 'upstream_rejected'],
    [400, { error: { message: 'x', code: 'context_length_exceeded' } }, 'context_too_long'],
    [
      400,
      { type: 'error', error: { message: 'prompt is too long: 9 tokens > 8 maximum' } },
      'context_too_long',
    ],
    [400, { error: { message: 'Failed to call a function.', code: 'tool_use_failed' } }, 'upstream_error'],
    [413, { message: 'This model’s maximum context length is 8 tokens' }, 'context_too_long'],
    [401, { error: { message: 'no key' } }, 'upstream_auth'],
    [
      400,
      [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.' } }],
      'upstream_auth',
    ],
    [400, { code: 'invalid', error: 'Incorrect API key provided: xa***ey.' }, 'upstream_auth'],
    [400, { error: { message: 'Your credit balance is too low to access the API.' } }, 'upstream_auth'],
    [402, { error: { message: 'Insufficient Balance' } }, 'upstream_auth'],
    [403, {}, 'upstream_auth'],
    [404, { detail: 'Not Found' }, 'upstream_rejected'],
    [408, {}, 'upstream_timeout'],
    [409, {}, 'upstream_error'],
    [413, {}, 'upstream_rejected'],
    [422, { detail: [{ loc: ['body'], msg: 'extra fields' }] }, 'upstream_rejected'],
    [429, { error: { message: 'slow down' } }, 'upstream_rate_limited'],
    [500, 'boom', 'upstream_error'],
    [502, '<html>', 'upstream_error'],
    [503, null, 'upstream_error'],
    [504, {}, 'upstream_timeout'],
    [529, { error: { type: 'overloaded_error' } }, 'upstream_error'],
    [302, undefined, 'upstream_error'],
  ])('with status %i and body %j', (status, body, code) => {
    const error = dialect.decodeError(status, body);
    expect(error.code).toBe(code);
    expect(error.upstreamStatus).toBe(status);
  });

  it.each<[string, unknown]>([
    ['an error object', { error: { message: 'the cause' } }],
    ['a string error', { error: 'the cause' }],
    ['a bare message', { message: 'the cause' }],
    ['a list of errors', [{ error: { message: 'the cause' } }]],
    ['details', { detail: [{ msg: 'the cause' }] }],
    ['a nested detail', { message: { detail: [{ msg: 'the cause' }] } }],
    ['text', 'the cause'],
  ])('is quoted from %s', (_name, body) => {
    expect(dialect.decodeError(400, body).message).toContain('the cause');
  });

  it.each([
    [
      404,
      { code: 'model_not_found', message: 'The model `x` does not exist or you do not have access to it.' },
    ],
    [413, { message: 'Request too large.' }],
    [400, { code: 'unsupported_parameter', message: "Unsupported parameter: 'max_tokens'." }],
    [400, { code: 'unsupported_value', message: "'temperature' does not support 0.2 with this model." }],
    [400, { message: "'logprobs' is not supported with this model." }],
    [400, { message: 'thinking: Extra inputs are not permitted' }],
    [400, { message: 'Unrecognized request argument supplied: reasoning_effort' }],
    [400, { message: 'The model `mixtral-8x7b` has been decommissioned and is no longer supported.' }],
    [400, { message: 'This model doesn’t support image input' }],
  ])('a %i of what one model cannot do may be taken by another: %j', (status, error) => {
    expect(dialect.decodeError(status, { error })).toMatchObject({
      code: 'upstream_rejected',
      modelSpecific: true,
    });
  });

  it.each([
    [400, { message: 'messages: roles must alternate between "user" and "assistant".' }],
    [400, { message: 'Invalid value for seed: must be positive.' }],
    [422, { message: 'tools.0.function.name: field required' }],
    [401, { message: 'The model `x` is not supported by this key.' }],
    [400, { message: 'This model’s maximum context length is 8192 tokens.' }],
  ])('a %i of the request itself is refused everywhere: %j', (status, error) => {
    expect(dialect.decodeError(status, { error }).modelSpecific).toBe(false);
  });

  it.each([
    [
      '<!DOCTYPE html>\n<html><head><title>403 Forbidden</title></head></html>',
      '(status 400): 403 Forbidden',
    ],
    ['<html><body>nothing to say</body></html>', '(status 400).'],
  ])('quotes of a page its title only: %j', (page, end) => {
    expect(dialect.decodeError(400, page).message).toBe(`The model provider refused the request ${end}`);
  });

  it('says when another try may help', () => {
    expect(dialect.decodeError(429, {}, 7).retryAfterSeconds).toBe(7);
    const details = [{ '@type': 'x' }, { retryDelay: '17s' }];
    expect(dialect.decodeError(429, [{ error: { details } }]).retryAfterSeconds).toBe(17);
    expect(dialect.decodeError(429, [{ error: { details } }], 3).retryAfterSeconds).toBe(3);
  });

  it('is not quoted beyond 4xx', () => {
    expect(dialect.decodeError(500, { error: { message: 'the cause' } }).message).not.toContain('the cause');
  });

  it.each([
    'sk-abcDEF123456',
    'sk-ant-api03-abc_DEF-123',
    'sk-proj-****************wxyz',
    'gsk_a1b2c3d4e5f6',
    'AIzaSyA1234567890abcdefg',
    'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6',
    'Bearer abc.def',
  ])('never shows the key %s', (key) => {
    const { message } = dialect.decodeError(401, {
      error: { message: `Incorrect API key provided: ${key}. Sorry.` },
    });
    expect(message).not.toContain(key);
    expect(message).toContain('[hidden]');
    expect(message).toContain('Incorrect API key provided');
  });

  it('keeps ordinary words that look like keys', () => {
    const text =
      'Invalid key_value pairs in sk-learn: meta-llama-3-3-70b-instruct-turbo-fp8-dynamic is unknown';
    expect(dialect.decodeError(400, { error: { message: text } }).message).toContain(text);
  });

  it('is cut where it is long', () => {
    const { message } = dialect.decodeError(400, { error: { message: 'no '.repeat(1_000) } });
    expect(message.length).toBeLessThan(600);
  });
});
