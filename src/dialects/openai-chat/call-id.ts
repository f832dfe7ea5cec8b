/**
 * The id of the nth tool call of an answer whose server gives it none. It holds the answer's id, so that the calls of a
 * conversation have ids of their own, and only characters that every format allows.
 */
export function callId(answerId: string, index: number): string {
  const seed = answerId.replace(/^chatcmpl-/, '').replace(/[^a-zA-Z0-9_-]/g, '_');
  return seed === '' ? `call_${index}` : `call_${seed.slice(-40)}_${index}`;
}
