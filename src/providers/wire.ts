function bearer(key: string): Record<string, string> {
  return { authorization: `Bearer ${key}` };
}

/** Path of each dialect's endpoint below the base URL, and how its key is sent. */
export const WIRE = {
  'openai-chat': {
    path: '/chat/completions',
    auth: bearer,
    headers: {},
  },
  'openai-responses': {
    path: '/responses',
    auth: bearer,
    headers: {},
  },
  'anthropic-messages': {
    path: '/messages',
    auth: (key: string): Record<string, string> => ({ 'x-api-key': key }),
    headers: { 'anthropic-version': '2023-06-01' },
  },
} as const;
