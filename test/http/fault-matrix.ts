/**
 * What a client sees of each fault of an upstream. The tests assert this table and the README shows it, so that neither
 * can say what is not so. Measured with one retry a model (`execution.retries: 1`).
 */
import { ERROR_CODES, type ErrorCode } from '../../src/core/errors.ts';

/**
 * `whole`: an answer that is not streamed. `start`: a stream that has said nothing yet. `held`: a stream that has said
 * something which is held back (`buffered`). `sent`: a stream whose first words have reached the client.
 */
export const SITUATIONS = ['whole', 'start', 'held', 'sent'] as const;
export type Situation = (typeof SITUATIONS)[number];

export interface Failure {
  readonly code: ErrorCode;
  /** Calls of the faulty model, its retries among them, where another model can be tried. */
  readonly calls: number;
  /** Its calls where there is no other model; absent: as many. */
  readonly callsAlone?: number;
  /** The `Retry-After` that the client gets, seconds. */
  readonly retryAfter?: number;
  /** The request would meet the same at every model, so none is tried. */
  readonly final?: true;
}

/** `answered`: the answer is taken as it is. `answered, cost unknown`: likewise, and no cost is made up for it. */
export type Cell = Failure | 'answered' | 'answered, cost unknown';

export interface FaultRow {
  readonly id: string;
  readonly fault: string;
  readonly cells: Partial<Readonly<Record<Situation, Cell>>>;
  /** The upstream format in which there is no such fault. */
  readonly notIn?: 'openai-responses';
}

function before(code: ErrorCode, calls: number, more: Partial<Failure> = {}): FaultRow['cells'] {
  const failure = { code, calls, ...more };
  return { whole: failure, start: failure };
}

/** A fault that may come at any point of an answer. */
function anywhere(code: ErrorCode): FaultRow['cells'] {
  return { ...before(code, 2), held: { code, calls: 2 }, sent: { code, calls: 1 } };
}

/** One that let a timeout pass is waited for once more only where no other model can be tried. */
const SLOW: Failure = { code: 'upstream_timeout', calls: 1, callsAlone: 2 };

export const FAULT_MATRIX: readonly FaultRow[] = [
  { id: 'refused', fault: 'connection refused', cells: before('upstream_error', 2) },
  { id: 'connecting', fault: 'connecting takes too long', cells: { whole: SLOW, start: SLOW } },
  { id: 'mute', fault: 'no headers in time', cells: { whole: SLOW, start: SLOW } },
  { id: 'hang-up', fault: 'connection closed without an answer', cells: before('upstream_error', 2) },
  { id: 'redirect', fault: 'a redirect', cells: before('upstream_error', 2) },
  { id: '400', fault: '400, the request is invalid', cells: before('upstream_rejected', 1, { final: true }) },
  {
    id: '400-parameter',
    fault: '400, the model does not support a parameter',
    cells: before('upstream_rejected', 1),
  },
  {
    id: '400-context',
    fault: '400, the prompt is too long (models with a larger window are tried)',
    cells: before('context_too_long', 1),
  },
  { id: '401', fault: '401, 402 or 403', cells: before('upstream_auth', 1) },
  { id: '404', fault: '404, no such model', cells: before('upstream_rejected', 1) },
  {
    id: '429-soon',
    fault: '429, `Retry-After` up to 2 s',
    cells: before('upstream_rate_limited', 2, { retryAfter: 1 }),
  },
  {
    id: '429-later',
    fault: '429, a longer `Retry-After`',
    cells: before('upstream_rate_limited', 1, { retryAfter: 30 }),
  },
  { id: '500', fault: '500', cells: before('upstream_error', 2) },
  {
    id: '503',
    fault: '503 or 529, `Retry-After` beyond 2 s',
    cells: before('upstream_error', 1, { retryAfter: 30 }),
  },
  { id: '200-error', fault: 'an error with status 200', cells: before('upstream_rate_limited', 2) },
  { id: 'html', fault: 'HTML with status 200', cells: before('upstream_malformed', 2) },
  {
    id: 'type',
    fault: 'the wrong content type',
    cells: { whole: 'answered', start: { code: 'upstream_malformed', calls: 2 } },
  },
  {
    id: 'empty',
    fault: 'an empty body',
    cells: {
      whole: { code: 'upstream_malformed', calls: 2 },
      start: { code: 'upstream_error', calls: 2 },
    },
  },
  { id: 'malformed', fault: 'unreadable JSON', cells: anywhere('upstream_malformed') },
  { id: 'cut', fault: 'the connection breaks off', cells: anywhere('upstream_error') },
  {
    id: 'stalled',
    fault: 'silence (`idle_timeout_ms`)',
    cells: { whole: SLOW, start: SLOW, held: SLOW, sent: { code: 'upstream_timeout', calls: 1 } },
  },
  {
    id: 'error-event',
    fault: 'an error event',
    cells: {
      start: { code: 'upstream_error', calls: 2 },
      held: { code: 'upstream_error', calls: 2 },
      sent: { code: 'upstream_error', calls: 1 },
    },
  },
  {
    id: 'no-end',
    fault: 'the stream ends without a stop reason',
    cells: {
      start: { code: 'upstream_error', calls: 2 },
      held: { code: 'upstream_error', calls: 2 },
      sent: { code: 'upstream_error', calls: 1 },
    },
  },
  {
    id: 'no-end-marker',
    fault: 'a stop reason, but no end marker',
    cells: { held: 'answered', sent: 'answered' },
    notIn: 'openai-responses',
  },
  {
    id: 'no-usage',
    fault: 'no usage',
    cells: {
      whole: 'answered, cost unknown',
      held: 'answered, cost unknown',
      sent: 'answered, cost unknown',
    },
  },
];

const times = (count: number): string => (count === 1 ? '1 call' : `${count} calls`);

function say(situation: Situation, cell: Cell | undefined): string {
  if (cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  const { code, calls, callsAlone, retryAfter, final } = cell;
  if (situation === 'sent') return `ends in \`${code}\``;
  const wait = retryAfter === undefined ? '' : ', `Retry-After`';
  const alone = `${ERROR_CODES[code].status} \`${code}\`${wait}`;
  if (final) return `${times(calls)}, then ${alone}`;
  const later = callsAlone === undefined ? '' : ` after ${times(callsAlone)}`;
  return `${times(calls)}, then the next model; without one ${alone}${later}`;
}

/** The table as rows of cells, its head first. */
export function faultRows(): readonly (readonly string[])[] {
  const head = [
    'fault of the upstream',
    'whole answer',
    'stream, nothing said yet',
    'stream, held back',
    'stream, words sent',
  ];
  return [
    head,
    ...FAULT_MATRIX.map(({ fault, cells }) => [
      fault,
      ...SITUATIONS.map((situation) => say(situation, cells[situation])),
    ]),
  ];
}
