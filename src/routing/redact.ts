/** Takes secrets and personal data out of a text before it is kept. */

interface Pattern {
  readonly label: string;
  readonly expression: RegExp;
  /** Further check of a match, where the shape alone says too little. */
  readonly accept?: (match: string) => boolean;
}

/** Luhn's checksum (ISO/IEC 7812-1, annex B): true for every valid card number. */
export function passesLuhn(text: string): boolean {
  const digits = [...text].filter((character) => character >= '0' && character <= '9').map(Number);
  if (digits.length < 13 || digits.length > 19) return false;
  const sum = digits.reverse().reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/** The check digits of an IBAN (ISO 13616, ISO/IEC 7064 MOD 97-10). */
function passesMod97(text: string): boolean {
  const compact = text.replace(/ /g, '');
  const digits = [...compact.slice(4), ...compact.slice(0, 4)].map((character) =>
    Number.parseInt(character, 36).toString(),
  );
  return [...digits.join('')].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

function countDigits(text: string): number {
  return text.replace(/\D/g, '').length;
}

const PATTERNS: readonly Pattern[] = [
  {
    label: 'private-key',
    expression: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  },
  {
    label: 'secret',
    expression:
      /\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}|\bglpat-[A-Za-z0-9_-]{16,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  },
  {
    label: 'secret',
    expression:
      /(?<=(?<![a-z])(?:password|passwd|pwd|secret|token|api[_-]?key|authorization)["']?\s{0,3}[:=]\s{0,3}["']?(?:Bearer\s{1,3})?)(?!Bearer\s)(?!(?:string|number|boolean|undefined|required|optional)\b)(?![\w.]+\()[^\s"',;]{6,}/gi,
  },
  {
    label: 'email',
    expression: /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,4}/gu,
  },
  /** The first digit tells the industry: 2 to 6 are those of payment cards; 978 and 979 begin ISBNs, 1 a time. */
  { label: 'card', expression: /\b[2-6](?:[ -]?\d){12,18}\b/g, accept: passesLuhn },
  {
    label: 'iban',
    expression: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/g,
    accept: passesMod97,
  },
  {
    label: 'phone',
    expression:
      /(?<![\w.])(?:\+|00)\d[\d ()/.-]{6,18}\d(?![\w])|(?<![\w.,-])\(?0\d{2,4}\)?[ /-]\d[\d -]{4,12}\d(?![\w])|(?<![\w.])\(?\d{3}\)?[ -]\d{3}-\d{4}\b/g,
    accept: (match) => countDigits(match) >= 8 && countDigits(match) <= 15,
  },
];

/**
 * The text with private keys, API keys, passwords, e-mail addresses, card numbers (checked by Luhn), IBANs and phone
 * numbers replaced by `[secret]`, `[email]` and the like. What it cannot recognise stays. `onFound` is told each
 * label with what stood there.
 */
export function redact(text: string, onFound?: (label: string, found: string) => void): string {
  return PATTERNS.reduce(
    (current, { label, expression, accept }) =>
      current.replace(expression, (match) => {
        if (accept && !accept(match)) return match;
        onFound?.(label, match);
        return `[${label}]`;
      }),
    text,
  );
}
