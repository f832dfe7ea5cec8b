/** Secrets and personal data in rows. What was found is never quoted. */
import type { CheckConfig } from './check-config.ts';
import type { DataRow, Problem } from './read.ts';

export interface Finding {
  /** `private-key`, `secret`, `email`, `card`, `iban`, `phone`. */
  readonly kind: string;
  readonly text: string;
}

/** Finds secrets and personal data in a text. */
export type FindSensitive = (text: string) => readonly Finding[];

/** Names of variables and blanks to be filled in that stand where a secret would. */
const PLACEHOLDER =
  /^[$<{[*%]|^[a-z_]{1,30}(?:\.[a-z_]{1,30})+|[()]|x{3,}|\.{3}|…|\b(?:your|my|example|changeme|dummy|redacted|placeholder)/i;
/** Domains that belong to nobody (RFC 2606, RFC 6761). */
const RESERVED_DOMAIN = /@(?:[^@]*\.)?(?:example|invalid|test|localhost|example\.(?:com|net|org))$/i;

function harmless({ kind, text }: Finding): boolean {
  if (kind === 'secret') return PLACEHOLDER.test(text);
  if (kind === 'email') return RESERVED_DOMAIN.test(text);
  return false;
}

export interface SensitiveReport {
  readonly problems: readonly Problem[];
  /** Findings of kinds that are allowed: number of rows by kind. */
  readonly allowed: Readonly<Record<string, number>>;
}

/** Rows that hold secrets or personal data, but for the kinds and rows the configuration excuses. */
export function sensitiveRows(
  rows: readonly DataRow[],
  find: FindSensitive,
  { allowed, reviewed }: Pick<CheckConfig, 'allowed' | 'reviewed'>,
): SensitiveReport {
  const problems: Problem[] = [];
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const kinds = new Set(find(row.whole).flatMap((finding) => (harmless(finding) ? [] : [finding.kind])));
    for (const kind of kinds) {
      if (kind in allowed || row.id in reviewed) counts[kind] = (counts[kind] ?? 0) + 1;
      else problems.push({ where: row.where, says: `holds what looks like: ${kind} (id ${row.id})` });
    }
  }
  return { problems, allowed: counts };
}
