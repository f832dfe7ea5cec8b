/** Rows of our own schema, and tables with a column of prompts under one of its usual names. */
import type { JsonObject } from '../../../core/json.ts';
import { isTier } from '../../../core/tier.ts';
import type { RowInput } from '../../row-schema.ts';
import { requestRow } from './content.ts';
import { type ImportFormat, listOf, type Mapped, numberField, objectOf, textField } from './format.ts';

const PROMPT = [
  'prompt',
  'text',
  'query',
  'question',
  'instruction',
  'request',
  'input',
  'content',
  'message',
];
const TIER = ['tier', 'label', 'complexity', 'difficulty'];
const TEXTS = [
  'id',
  'source',
  'licence',
  'world',
  'kind',
  'domain',
  'language',
  'pair',
  'conversation',
  'session',
] as const;

/** Keys in lower case without what surrounds them, as people write headers. */
function tidied(record: JsonObject): JsonObject {
  const entries = Object.entries(record).map(([key, value]) => [
    key
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
    value,
  ]);
  return Object.fromEntries(entries) as JsonObject;
}

function tierOf(record: JsonObject): Pick<RowInput, 'tier'> | string {
  const said = textField(record, ...TIER)
    ?.trim()
    .toLowerCase();
  if (said === undefined) return {};
  return isTier(said) ? { tier: said } : `tier: "${said}" is none of simple, moderate, complex`;
}

function factsOf(record: JsonObject): RowInput['facts'] {
  const nested = objectOf(record.facts) ?? {};
  const facts = { ...record, ...nested };
  const json = facts.json === true || facts.json === 'true';
  const [tools, images, ceiling] = ['tools', 'images', 'max_tokens'].map((name) => numberField(facts, name));
  return {
    ...(tools === undefined ? {} : { tools }),
    ...(images === undefined ? {} : { images }),
    ...(json ? { json } : {}),
    ...(ceiling === undefined ? {} : { max_tokens: ceiling }),
  };
}

function said(record: JsonObject): Mapped {
  if (listOf(record.messages)) return requestRow({ messages: record.messages });
  const prompt = textField(record, ...PROMPT);
  return prompt === undefined
    ? { bad: `no text in any of ${PROMPT.join(', ')}, messages` }
    : { row: { prompt } };
}

function map(raw: JsonObject): Mapped {
  const record = tidied(raw);
  const mapped = said(record);
  if (!('row' in mapped)) return mapped;
  const tier = tierOf(record);
  if (typeof tier === 'string') return { bad: tier };
  const texts = TEXTS.flatMap((name) => {
    const value = textField(record, name);
    return value === undefined ? [] : [[name, value]];
  });
  const facts = factsOf(record);
  const certain = record.certain === false || record.certain === 'false' ? { certain: false } : {};
  const attributes = objectOf(record.attributes);
  return {
    row: {
      ...(Object.fromEntries(texts) as Partial<RowInput>),
      ...tier,
      ...certain,
      ...mapped.row,
      ...(facts && Object.keys(facts).length > 0 ? { facts } : {}),
      ...(attributes ? { attributes: attributes as RowInput['attributes'] } : {}),
    },
  };
}

export const plainFormat: ImportFormat = {
  name: 'plain',
  recognises: (record) => !('bad' in said(tidied(record))),
  map,
};
