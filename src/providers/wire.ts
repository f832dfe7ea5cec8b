/** Where a call of an upstream goes and how its key is sent: as the dialect has it, unless the configuration says otherwise. */
import type { DialectId } from '../core/chat.ts';

interface Wire {
  /** Below the base URL. */
  readonly path: string;
  /** See AddressOptions.auth. */
  readonly auth: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What each dialect's own servers expect. */
const WIRE: Readonly<Record<DialectId, Wire>> = {
  'openai-chat': { path: '/chat/completions', auth: 'bearer', headers: {} },
  'openai-responses': { path: '/responses', auth: 'bearer', headers: {} },
  'anthropic-messages': {
    path: '/messages',
    auth: 'x-api-key',
    headers: { 'anthropic-version': '2023-06-01' },
  },
};

export interface AddressOptions {
  readonly dialect: DialectId;
  readonly baseUrl: string;
  /** Template with `{model}`; absent: the dialect's own path. */
  readonly path?: string | undefined;
  /** Template for streams; absent: as `path`. */
  readonly streamPath?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** `bearer`, `none` or the name of the header that holds the key; absent: as the dialect has it. */
  readonly auth?: string | undefined;
}

export interface Address {
  /** The URL of one call. Everything in it is from the configuration; the model's name is percent-encoded. */
  url(upstreamModel: string, stream: boolean): string;
  /** Headers that every server of the dialect expects. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header that holds the key; none where there is no key or it is not sent. */
  keyHeaders(key: string | undefined): Readonly<Record<string, string>>;
}

function keyHeader(auth: string, key: string | undefined): Record<string, string> {
  if (key === undefined || auth === 'none') return {};
  return auth === 'bearer' ? { authorization: `Bearer ${key}` } : { [auth.toLowerCase()]: key };
}

export function createAddress(options: AddressOptions): Address {
  const wire = WIRE[options.dialect];
  const base = options.baseUrl.replace(/\/+$/, '');
  const path = options.path ?? wire.path;
  const query = new URLSearchParams(options.query).toString();
  return {
    url(upstreamModel, stream) {
      const template = stream ? (options.streamPath ?? path) : path;
      const filled = template.replaceAll('{model}', () => encodeURIComponent(upstreamModel));
      return base + filled + (query === '' ? '' : `?${query}`);
    },
    headers: wire.headers,
    keyHeaders: (key) => keyHeader(options.auth ?? wire.auth, key),
  };
}
