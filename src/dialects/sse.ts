/** One server-sent event as text: an optional name and one line of JSON or a literal such as `[DONE]`. */
export function formatSse(data: object | string, event?: string): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${text}\n\n`;
}
