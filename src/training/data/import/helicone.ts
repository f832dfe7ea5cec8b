/** Helicone: requests exported with their bodies (`--include-body`). */

import { anthropicFormat } from './anthropic.ts';
import { type ImportFormat, objectOf, textField, withOrigin } from './format.ts';
import { openAiRow } from './openai.ts';

export const heliconeFormat: ImportFormat = {
  name: 'helicone',
  recognises: (record) =>
    record.request_id !== undefined &&
    (record.request_body !== undefined ||
      record.signed_body_url !== undefined ||
      record.helicone_user !== undefined),
  map(record) {
    const body = objectOf(record.request_body);
    const asked = body && (body.messages ?? body.input ?? body.prompt);
    if (!body || asked === undefined) return { skip: 'without its body (export with --include-body)' };
    const properties = objectOf(record.request_properties) ?? objectOf(record.properties) ?? {};
    const mapped = anthropicFormat.recognises(body) ? anthropicFormat.map(body) : openAiRow(body);
    return withOrigin(mapped, {
      conversation: textField(properties, 'Helicone-Session-Id', 'helicone-session-id'),
      session: textField(record, 'request_user_id', 'user_id'),
    });
  },
};
