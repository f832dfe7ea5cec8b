import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  coreOf,
  FEATURE_VERSION,
  factsText,
  featureText,
  HISTORY_TOKEN,
} from '../../src/routing/features.ts';

const plain = (content: string) => ({
  messages: [{ role: 'user' as const, content }],
  tools: 0,
  images: 0,
  json: false,
});

describe('factsText', () => {
  test('a plain prompt is its own text', () => {
    expect(factsText(plain('list three rivers in Spain'))).toBe('list three rivers in Spain');
  });

  test.each([
    'list three rivers in Spain?',
    'list three rivers in Spain.',
    'Please, list three rivers in Spain',
    'Hello, list three rivers in Spain, thank you so much!',
    'list three rivers in Spain pls',
    '<system-reminder>\nplan mode is off\n</system-reminder>\nlist three rivers in Spain',
    '<user_query>\nlist three rivers in Spain\n</user_query>',
  ])('takes out what does not change the request: %s', (prompt) => {
    expect(factsText(plain(prompt))).toBe('list three rivers in Spain');
  });

  test.each(['thanks', 'please', '???', 'hello!', '<env>x</env>'])(
    'keeps a message that is nothing else: %s',
    (p) => {
      expect(factsText(plain(p)).length).toBeGreaterThan(0);
    },
  );

  test('puts the last user turn first and the past behind a mark', () => {
    const text = factsText({
      ...plain(''),
      messages: [
        { role: 'system', content: 'You help at a bike shop.' },
        { role: 'user', content: 'prove it' },
        { role: 'assistant', content: 'done' },
        { role: 'user', content: 'now make it shorter' },
      ],
    });
    expect(text).toBe(
      `<|turns:2|> now make it shorter ${HISTORY_TOKEN} <|system|> You help at a bike shop. prove it\ndone`,
    );
  });

  test('names facts that are not in the text', () => {
    const facts = { ...plain('go'), tools: 32, images: 1, json: true, maxOutputTokens: 4000 };
    expect(factsText(facts)).toBe('<|tools:16|> <|image|> <|json|> <|out:3000|> go');
  });

  test('keeps head and tail of a long text and says its length', () => {
    const text = factsText(plain(`first ${'x '.repeat(8000)} last`));
    expect(text.startsWith('<|long:8000|> first')).toBe(true);
    expect(text.endsWith('last')).toBe(true);
    expect(text.length).toBeLessThan(2500);
  });

  test('user text cannot spell a reserved token', () => {
    expect(factsText(plain('say <|tools:16|> now'))).toBe('say < |tools:16|> now');
  });
});

describe('featureText', () => {
  test('reads canonical parts as their plain text, and a bare tool result as a tool turn', () => {
    const text = featureText({
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'what is the weather' }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', callId: 'a', content: [{ type: 'text', text: 'sunny' }] }],
        },
      ],
      tools: [],
      responseFormat: { type: 'json_object' },
    });
    expect(text).toBe(`<|result|> <|json|> what is the weather ${HISTORY_TOKEN} sunny`);
  });

  test('coreOf never empties a text, and the version is a string', () => {
    expect(coreOf('thanks!')).not.toBe('');
    expect(FEATURE_VERSION).toMatch(/^\d+$/);
  });
});

/** What coreOf takes out, said as plain patterns: easy to read, quadratic on hostile text. */
function coreByPatterns(text: string): string {
  const names =
    'system-reminder|environment_details|environment_context|environment|env|local-command-stdout|command-name|command-message|command-args|ide_opened_file|ide_selection|user_info|session-start-hook|additional_data|git_status|workspace_info';
  const without = (from: string, pattern: RegExp): string => {
    const rest = from.replace(pattern, ' ').trim();
    return rest === '' ? from : rest;
  };
  let core = without(text, new RegExp(`<(${names})>[\\s\\S]*?</\\1>`, 'gi'));
  core = without(
    core,
    /<\/?(user_query|user_request|userRequest|task|user_message|prompt|query|request)>/gi,
  ).replace(/^\s*(?:human|user)\s*:\s*/i, '');
  core = without(core, /(?<![\p{L}\p{N}])(?:please|pls|plz|kindly)(?![\p{L}\p{N}])[ \t]*,?/giu);
  core = without(
    core,
    /^\s*(?:hi|hello|hey|good (?:morning|afternoon|evening|day))(?: there| all| team| everyone| folks)?\s*[,!.:\n—-]+\s*/i,
  );
  core = without(
    core,
    /[\s,.!;—-]*(?<![\p{L}\p{N}])(?:many thanks|thanks|thank you|thx|ty|cheers)(?: (?:so|very) much| a lot| a million| in advance)?(?: for your help)?[\s!.:)]*$/iu,
  );
  return without(core, /[\s?!.…。？！]+$/u);
}

describe('coreOf on text that means harm', () => {
  const pieces =
    '<env>|</env>|<ENV>|<environment>|</environment>|</System-Reminder>|<system-reminder>|<task>|x|X1|é|😀| |  |\n|!|?|.|,|…|。|—|;|:|)|please |hi|Hello there|User : |many thanks|Thank you|thx|ty| very much| in advance| for your help|party'.split(
      '|',
    );

  test('says the same as the patterns it stands for', () => {
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((some) => some.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect(coreOf(text)).toBe(coreByPatterns(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['marks before a last letter', `${'!'.repeat(1_000_000)}x`],
    ['blanks between letters', `x${' '.repeat(1_000_000)}x`],
    ['blanks around thanks', `x${' '.repeat(500_000)}thanks${' '.repeat(500_000)}x`],
    ['envelopes never closed', '<env>'.repeat(200_000)],
    ['envelopes closed by others', '<env></environment>'.repeat(50_000)],
  ])('takes time linear in %s', (_, text) => {
    expect(coreOf(text).length).toBeGreaterThan(0);
  });
});
