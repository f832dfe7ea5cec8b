/** The replies of the fake upstream that make the faults of the matrix. */
import type { DialectId } from '../../src/core/chat.ts';
import {
  answers,
  fails,
  hangsUp,
  json,
  type ReceivedRequest,
  type Reply,
  rateLimited,
  type StreamEnd,
  stalls,
  streams,
  text,
} from '../fakes/upstream.ts';
import { answerBody, answerFrames } from '../fakes/wire-answers.ts';
import type { Situation } from './fault-matrix.ts';

/** What the faulty model would have said, and how much of it a broken stream says. */
export const FIRST = 'alpha beta gamma delta';
export const FIRST_SAID = 'alpha beta ';

function framesOf({ dialect, body }: ReceivedRequest): string[] {
  return answerFrames(dialect, FIRST, { model: String(body.model), usageChunk: true });
}

/** A stream up to its first words, or to where they would begin; then `extra`, then its end. */
function broken(situation: Situation, end: StreamEnd, extra: readonly string[] = []): Reply {
  return (request, response) => {
    const frames = framesOf(request);
    const upTo = situation === 'start' ? '"alpha ' : '"gamma ';
    const said = frames.slice(
      0,
      frames.findIndex((frame) => frame.includes(upTo)),
    );
    return streams([...said, ...extra], { end })(request, response);
  };
}

/** Half of a whole answer, then its end. */
function halved(end: 'cut' | 'stall'): Reply {
  return ({ dialect, body }, response) => {
    const whole = JSON.stringify(answerBody(dialect, FIRST, { model: String(body.model) }));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': whole.length });
    response.write(whole.slice(0, whole.length / 2), () => {
      if (end === 'cut') response.destroy();
    });
  };
}

function errorEvent(dialect: DialectId): string {
  const error = { type: 'overloaded_error', message: 'Overloaded.' };
  if (dialect === 'openai-chat') return `data: ${JSON.stringify({ error })}\n\n`;
  const fields =
    dialect === 'anthropic-messages'
      ? { error }
      : { code: error.type, message: error.message, param: null, sequence_number: 99 };
  return `event: error\ndata: ${JSON.stringify({ type: 'error', ...fields })}\n\n`;
}

const context = {
  type: 'invalid_request_error',
  message: 'prompt is too long: 250000 tokens > 200000 maximum',
};
const parameter = { type: 'invalid_request_error', message: "Unsupported parameter: 'temperature'." };
const invalid = { type: 'invalid_request_error', message: 'messages: roles must alternate.' };

/** A proper answer under another content type than its own. */
const mislabelled: Reply = (request, response) => {
  const { dialect, body } = request;
  const model = String(body.model);
  const said =
    body.stream === true ? framesOf(request).join('') : JSON.stringify(answerBody(dialect, FIRST, { model }));
  return text(said, 200, 'text/plain')(request, response);
};

const endless: Reply = (request, response) => streams(framesOf(request).slice(0, -1))(request, response);

/** The fault of the given id at the given point; undefined for those that no reply can make. */
export function replyOf(id: string, situation: Situation): Reply | undefined {
  const streamed = situation !== 'whole';
  const unreadable = 'data: {"half\n\n';
  const replies: Readonly<Record<string, Reply>> = {
    mute: stalls(),
    'hang-up': hangsUp(),
    redirect: json({}, 307, { location: 'http://127.0.0.1:9/v1' }),
    '400': fails(400, invalid),
    '400-parameter': fails(400, parameter),
    '400-context': fails(400, context),
    '401': fails(401),
    '404': fails(404),
    '429-soon': rateLimited(0.01),
    '429-later': rateLimited(30),
    '500': fails(500),
    '503': fails(503, { headers: { 'retry-after': '30' } }),
    '200-error': json({ error: { type: 'rate_limit_error', message: 'Slow down.' } }),
    html: text('<html>welcome</html>'),
    type: mislabelled,
    empty: streamed ? streams([]) : text('', 200, 'application/json'),
    malformed: streamed ? broken(situation, 'end', [unreadable]) : text('{"half', 200, 'application/json'),
    cut: streamed ? broken(situation, 'cut') : halved('cut'),
    stalled: streamed ? broken(situation, 'stall') : halved('stall'),
    'error-event': (request, response) =>
      broken(situation, 'end', [errorEvent(request.dialect)])(request, response),
    'no-end': broken(situation, 'end'),
    'no-end-marker': endless,
    'no-usage': answers(FIRST, { usage: null }),
  };
  return replies[id];
}
