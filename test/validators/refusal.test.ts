import { describe, expect, it } from 'vitest';
import { createValidator } from '../../src/validators/index.ts';
import { REFUSAL_PHRASES } from '../../src/validators/refusal-phrases.ts';
import { requestOf } from '../fakes/requests.ts';
import { answerOf, CONTEXT, DEPS, says } from './deps.ts';

const validator = createValidator('mine', { type: 'refusal', max_characters: 600 }, DEPS);
const FAILED = { ok: false, reason: 'the answer begins with a refusal' };

/** As models write them, by language. */
const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  en: [
    'I’m sorry, but I can’t help with that.',
    "I'm sorry, but I can't assist with that request.",
    "I can't help with creating malware.",
    "I'm unable to help you with this.",
    'I cannot provide instructions for that.',
    "Sorry, I can't comply with that request.",
    'I apologize, but I cannot fulfill this request.',
    "I won't help with hacking into accounts.",
    "As an AI language model, I can't provide that information.",
    "I'm not able to generate that content.",
    "Unfortunately, I can't assist you with that.",
    'I must decline this request.',
    "I can't discuss that.",
    "I'm not comfortable with helping you here, so I must respectfully decline.",
  ],
  de: [
    'Es tut mir leid, aber dabei kann ich nicht helfen.',
    'Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.',
    'Leider kann ich dir bei dieser Anfrage nicht weiterhelfen.',
    'Ich kann diese Anfrage leider nicht bearbeiten.',
    'Dabei kann ich Ihnen leider nicht behilflich sein.',
    'Tut mir leid, das kann ich nicht beantworten.',
  ],
  fr: [
    'Je suis désolé, mais je ne peux pas vous aider avec ça.',
    'Désolé, je ne peux pas répondre à cette demande.',
    'Je ne peux malheureusement pas vous aider.',
    'Je ne suis pas en mesure de répondre à cette demande.',
  ],
  es: [
    'Lo siento, pero no puedo ayudarte con eso.',
    'No puedo cumplir con esa solicitud.',
    'Lamentablemente, no puedo proporcionar información sobre ese tema.',
  ],
  pt: [
    'Desculpe, mas não posso ajudar com isso.',
    'Sinto muito, mas não posso atender a esse pedido.',
    'Infelizmente, não posso ajudá-lo com isso.',
  ],
  it: ['Mi dispiace, ma non posso aiutarti con questo.', 'Non sono in grado di soddisfare questa richiesta.'],
  nl: [
    'Het spijt me, maar daar kan ik je niet mee helpen.',
    'Sorry, ik kan je hier niet bij helpen.',
    'Ik kan niet aan dit verzoek voldoen.',
  ],
  sv: ['Jag är ledsen, men jag kan inte hjälpa dig med det.', 'Tyvärr kan jag inte hjälpa till med det.'],
  da: ['Beklager, men det kan jeg ikke hjælpe med.', 'Jeg kan desværre ikke hjælpe dig med det.'],
  no: ['Beklager, men jeg kan ikke hjelpe deg med det.', 'Dessverre kan jeg ikke hjelpe med dette.'],
  fi: ['Olen pahoillani, mutta en voi auttaa siinä.', 'Valitettavasti en voi auttaa tässä.'],
  pl: ['Przykro mi, ale nie mogę w tym pomóc.', 'Niestety nie mogę spełnić tej prośby.'],
  cs: ['Je mi líto, ale s tím vám nemohu pomoci.', 'Omlouvám se, ale nemohu vám s tím pomoci.'],
  tr: ['Üzgünüm, bu konuda size yardımcı olamam.', 'Maalesef bu isteği yerine getiremem.'],
  ru: [
    'Извините, но я не могу помочь с этим.',
    'К сожалению, я не могу выполнить этот запрос.',
    'Я не могу ответить на этот вопрос.',
  ],
  uk: ['Вибачте, але я не можу допомогти з цим.', 'На жаль, я не можу виконати цей запит.'],
  ar: ['عذرًا، لا أستطيع مساعدتك في ذلك.', 'آسف، لكن لا يمكنني المساعدة في هذا الطلب.'],
  he: ['אני מצטער, אבל אני לא יכול לעזור בזה.'],
  fa: ['متأسفم، اما نمی‌توانم در این مورد به شما کمک کنم.'],
  hi: ['मुझे खेद है, लेकिन मैं इसमें आपकी मदद नहीं कर सकता।', 'क्षमा करें, मैं इस अनुरोध को पूरा नहीं कर सकता।'],
  id: ['Maaf, saya tidak bisa membantu dengan itu.', 'Maaf, saya tidak dapat memenuhi permintaan tersebut.'],
  vi: ['Xin lỗi, tôi không thể giúp bạn với điều đó.', 'Rất tiếc, tôi không thể hỗ trợ yêu cầu này.'],
  th: ['ขออภัย ฉันไม่สามารถช่วยเหลือในเรื่องนี้ได้', 'ขอโทษครับ ผมไม่สามารถช่วยเรื่องนี้ได้'],
  ja: [
    '申し訳ありませんが、そのご要望にはお応えできません。',
    'すみませんが、そのリクエストには対応できません。',
    '申し訳ございませんが、お手伝いできません。',
  ],
  zh: [
    '抱歉，我无法协助您完成这个请求。',
    '对不起，我不能提供这方面的信息。',
    '很抱歉，我無法幫助您處理這個請求。',
  ],
  ko: ['죄송합니다. 그 요청에는 도와드릴 수 없습니다.', '죄송하지만 해당 내용은 제공할 수 없습니다.'],
};

/** Answers that begin much like a refusal and decline nothing. */
const HELPFUL: readonly (readonly [string, string])[] = [
  ['What is new?', "I can't wait to tell you: the release is out."],
  ['How is the film?', 'I cannot recommend this film enough. It is a delight from start to finish.'],
  ['My dog died.', "I'm sorry to hear that. Losing a companion hurts."],
  ['You said 3.', "I'm sorry for the confusion. The right answer is 4."],
  ['Fix my code', "Sorry about that! Here's the corrected code:\n```js\nx();\n```"],
  ['Where is the file?', 'I cannot find the file in the list you gave, but `b.txt` looks alike.'],
  ['Why is it red?', "I can't help but notice that line 3 lacks a semicolon. That is why."],
  [
    'Who was he?',
    'I am unable to determine who is meant: there were two kings of that name, in 1327 and 1461.',
  ],
  [
    'Write a very short story about a locked door.',
    '"I can\'t help you with that," said the guard, and he threw the key into the moat.',
  ],
  ['A short story, please', 'The guard shook his head. "I\'m sorry, but I can\'t help you," he said.'],
  [
    'Draft a note to Ms Lee about her refund',
    'Dear Ms Lee,\n\nunfortunately, we cannot refund orders after 30 days.',
  ],
  ['Is it open?', 'Leider nicht: montags ist geschlossen.'],
  ['Wie heißt der Fluss?', 'Ich kann nicht sicher sagen, welcher gemeint ist; vermutlich die Spree.'],
  ['Où est la gare ?', 'Je ne peux que vous conseiller le bus 12 : il y va directement.'],
  ['¿Qué tal la película?', 'No puedo dejar de recomendarla: es magnífica.'],
  ['Как фильм?', 'Не могу не отметить игру актёров: она великолепна.'],
  ['電車は？', '申し訳ありません、先ほどの時刻は誤りでした。正しくは9時10分です。'],
  ['为什么报错？', '抱歉，刚才的代码有误。无法连接是因为端口写错了。'],
  ['오류가 왜 나요?', '죄송합니다, 이전 코드에 오류가 있었습니다. 수정한 코드입니다.'],
  ['State of the job?', 'I will not repeat the log; the job ended with code 0.'],
];

/** Requests whose good answer reads like a refusal. */
const ASKED_FOR: readonly (readonly [string, string])[] = [
  ['Give me one sentence with which to decline politely.', "I'm sorry, but I can't help with that."],
  ['Translate into English: Lo siento, no puedo ayudarte con eso.', "I'm sorry, I can't help you with that."],
  ['How do assistants refuse?', "I'm sorry, but I can't assist with that request."],
  ['Schreibe eine Absage in einem Satz.', 'Leider kann ich Ihnen dabei nicht helfen.'],
  ['请写一句委婉拒绝的话', '抱歉，我无法帮助您处理这件事。'],
];

describe('a refusal', () => {
  const rows = Object.entries(REFUSALS).flatMap(([language, texts]) =>
    texts.map((text) => [language, text] as const),
  );
  it.each(rows)('in %s is seen: %s', (_, text) => {
    expect(validator.check(says(text), requestOf('Please do it'), CONTEXT)).toEqual(FAILED);
  });

  it('has rows in every language that has phrases', () => {
    expect(Object.keys(REFUSALS).sort()).toEqual(Object.keys(REFUSAL_PHRASES).sort());
  });

  it.each(HELPFUL)('is not seen in the answer to %s', (asked, text) => {
    expect(validator.check(says(text), requestOf(asked), CONTEXT)).toEqual({ ok: true });
  });

  it.each(ASKED_FOR)('passes where it was asked for: %s', (asked, text) => {
    expect(validator.check(says(text), requestOf(asked), CONTEXT)).toEqual({ ok: true });
    expect(validator.check(says(text), requestOf('Please do it'), CONTEXT)).toEqual(FAILED);
  });

  it('passes where the system prompt tells what to refuse', () => {
    const system = {
      role: 'system',
      content: [{ type: 'text', text: 'Refuse questions about prices.' }],
    } as const;
    const request = requestOf('What does it cost?');
    const told = { ...request, messages: [system, ...request.messages] };
    expect(validator.check(says("I'm sorry, I can't help with that."), told, CONTEXT)).toEqual({ ok: true });
  });

  it('passes where a longer answer helps in part', () => {
    const text = `I can't help with that part. ${'But the rest goes like this: take the second door. '.repeat(13)}`;
    expect(validator.check(says(text), requestOf('How?'), CONTEXT)).toEqual({ ok: true });
  });

  it.each([
    ['a refusal part', answerOf({ type: 'refusal', text: 'No.' }), false],
    ['the stop reason refusal', says('', { stopReason: 'refusal' }), false],
    ['a content filter', says('The', { stopReason: 'content_filter' }), false],
    ['an empty refusal part', answerOf({ type: 'refusal', text: '' }, { type: 'text', text: 'Yes.' }), true],
    [
      'a tool call after the words',
      answerOf(
        { type: 'text', text: "I can't help with that myself, so I ask." },
        { type: 'tool_call', id: '1', name: 'ask', arguments: '{}' },
      ),
      true,
    ],
    ['nothing at all', says(''), true],
  ])('is told by its form: %s', (_, response, ok) => {
    expect(validator.check(response, requestOf('Please'), CONTEXT)).toMatchObject({ ok });
  });
});
