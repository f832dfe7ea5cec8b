/** Path of each dialect's endpoint below the base URL, and how its key is sent. */
export const WIRE = {
  'openai-chat': {
    path: '/chat/completions',
    auth: (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` }),
    headers: {},
  },
  'anthropic-messages': {
    path: '/messages',
    auth: (key: string): Record<string, string> => ({ 'x-api-key': key }),
    headers: { 'anthropic-version': '2023-06-01' },
  },
} as const;
