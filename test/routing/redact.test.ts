import { describe, expect, it } from 'vitest';
import { passesLuhn, redact } from '../../src/routing/redact.ts';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N';

describe('what is taken out', () => {
  const cases: readonly [string, string][] = [
    ['use sk-proj-abcdefghijklmnop1234 please', 'use [secret] please'],
    ['sk-ant-api03-abcdefghijklmnop_1234-xyz', '[secret]'],
    ['token ghp_abcdefghijklmnopqrst1234567890abcdef here', 'token [secret] here'],
    ['xoxb-1234567890-abcdefghij', '[secret]'],
    ['AKIAIOSFODNN7EXAMPLE is our id', '[secret] is our id'],
    ['key AIzaSyA1234567890abcdefghijklmnopqrstuv', 'key [secret]'],
    ['glpat-abcdefghij1234567890', '[secret]'],
    [`bearer ${JWT} end`, 'bearer [secret] end'],
    ['password: hunter2hunter2', 'password: [secret]'],
    ['"password": "hunter2hunter2", "user": "x"', '"password": "[secret]", "user": "x"'],
    ['API_KEY=abcdef123456', 'API_KEY=[secret]'],
    ['OPENAI_API_KEY=abcdef123456', 'OPENAI_API_KEY=[secret]'],
    ['client_secret = "s3cr3tv4lue"', 'client_secret = "[secret]"'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [secret]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter', '[private-key]\nafter'],
    ['-----BEGIN PRIVATE KEY-----\ncut off', '[private-key]'],
    ['write to jane.doe+spam@mail.example.co.uk now', 'write to [email] now'],
    ['müller@exämple.de', '[email]'],
    ['card 4111 1111 1111 1111 exp 12/29', 'card [card] exp 12/29'],
    ['4111-1111-1111-1111', '[card]'],
    ['5500005555555559.', '[card].'],
    ['378282246310005', '[card]'],
    ['pay to DE89 3704 0044 0532 0130 00 today', 'pay to [iban] today'],
    ['GB82WEST12345698765432', '[iban]'],
    ['call +49 170 1234567 or write', 'call [phone] or write'],
    ['+1 (415) 555-2671', '[phone]'],
    ['+14155552671', '[phone]'],
    ['(415) 555-2671', '[phone]'],
    ['415-555-2671', '[phone]'],
    ['Tel. 0170 1234567', 'Tel. [phone]'],
    ['030/12345678', '[phone]'],
    ['0044 20 7946 0958', '[phone]'],
  ];
  it.each(cases)('%s', (text, kept) => {
    expect(redact(text)).toBe(kept);
  });

  it('everything at once, each in its place', () => {
    expect(redact('a@b.com, +49 170 1234567, 4111111111111111')).toBe('[email], [phone], [card]');
  });
});

describe('what stays', () => {
  it.each([
    'Meet on 2024-01-15 at 10:30:00, or 15.01.2024, or 01/15/2024.',
    'ISBN 978-0-306-40615-7 and ISBN 0-306-40615-2',
    'ISBN 9780306406157, 9783161484100 and 9780306400001, which is a valid card number by its digits',
    'upgrade from 1.2.3 to 20.19.0-rc.1, see v10.0.19041.1234',
    'pi is 3.14159265358979 and -0.00012345678901',
    'const total = items.reduce((sum, x) => sum + x * 1000000007, 0);',
    'if (token === undefined) throw new Error("no token")',
    'Explain how password hashing works. What is a secret?',
    'let password: string; const token: Token = next();',
    'decorate with @Injectable() and import from @scope/package',
    'at 1700000000004 ms (Unix time), or 1700000000000000 us',
    'commit 9fceb02d0ae598e95dc970b74767f19372d61af8',
    'id 550e8400-e29b-41d4-a716-446655440000',
    'what is 1234567 * 7654321?',
    'from 192.168.0.1 to 10.0.0.255 on port 8787',
    'the years 1990 1991 1992 1993 and pages 100-200',
    'a long number: 12345678901234567890123456',
    'the order number is 4111111111111112',
    'SELECT * FROM t WHERE id IN (1001, 1002, 1003, 1004)',
    'part AB12CD34EF56GH78IJ90 of the machine',
    '| 0010 | 0020 | 0030 |',
    '5 + 7 = 12, 00:15:30, 1,000,000.00 USD',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('and a long run of spaces costs no more than its length', () => {
    const text = `password${' '.repeat(200_000)}x`;
    expect(redact(text)).toBe(text);
  });

  it('and redacting twice changes nothing more', () => {
    const once = redact(`a@b.com ${JWT} password: hunter2hunter2 +49 170 1234567`);
    expect(redact(once)).toBe(once);
  });
});

describe('passesLuhn', () => {
  it.each([
    ['4111111111111111', true],
    ['4111111111111112', false],
    ['4111 1111 1111 1111', true],
    ['0', false],
    ['41111111111111114111', false],
  ])('%s: %s', (digits, passes) => {
    expect(passesLuhn(digits)).toBe(passes);
  });
});
