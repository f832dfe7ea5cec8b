import { describe, expect, it } from 'vitest';
import { createValidator } from '../../src/validators/index.ts';
import { loadLanguageDetector } from '../../src/validators/language-detector.ts';
import { requestOf } from '../fakes/requests.ts';
import { CONTEXT, DEPS, says } from './deps.ts';

const languages = await loadLanguageDetector();
const make = (expected: string, min_letters = 80) =>
  createValidator('mine', { type: 'language', expected, min_letters }, { ...DEPS, languages });

/** The same message in the languages of the world. */
const TEXTS: Readonly<Record<string, string>> = {
  en: 'The parcel left our warehouse this morning and should be with you on Thursday. If nobody is at home, the driver will leave it with a neighbour.',
  de: 'Das Paket hat unser Lager heute Morgen verlassen und sollte am Donnerstag bei Ihnen sein. Ist niemand zu Hause, gibt der Fahrer es bei einem Nachbarn ab.',
  fr: 'Le colis a quitté notre entrepôt ce matin et devrait arriver chez vous jeudi. Si personne n’est à la maison, le livreur le laissera chez un voisin.',
  es: 'El paquete salió de nuestro almacén esta mañana y debería llegar a su casa el jueves. Si no hay nadie, el repartidor lo dejará con un vecino.',
  pl: 'Paczka opuściła dziś rano nasz magazyn i powinna dotrzeć do Państwa w czwartek. Jeśli nikogo nie będzie w domu, kurier zostawi ją u sąsiada.',
  tr: 'Paket bu sabah depomuzdan ayrıldı ve perşembe günü size ulaşmış olmalı. Evde kimse yoksa kurye onu bir komşuya bırakacak.',
  fi: 'Paketti lähti varastostamme tänä aamuna ja sen pitäisi olla perillä torstaina. Jos kukaan ei ole kotona, kuljettaja jättää sen naapurille.',
  ru: 'Посылка покинула наш склад сегодня утром и должна прибыть к вам в четверг. Если никого не будет дома, курьер оставит её у соседей.',
  ar: 'غادر الطرد مستودعنا هذا الصباح ومن المفترض أن يصل إليكم يوم الخميس. إذا لم يكن هناك أحد في المنزل فسيتركه السائق عند أحد الجيران.',
  hi: 'पार्सल आज सुबह हमारे गोदाम से निकल गया है और गुरुवार तक आपके पास पहुँच जाना चाहिए। यदि घर पर कोई नहीं होगा, तो चालक उसे पड़ोसी के पास छोड़ देगा।',
  ja: '荷物は今朝当社の倉庫を出発し、木曜日にはお手元に届く予定です。ご不在の場合、配達員がお隣の方にお預けします。',
  zh: '包裹今天早上已经离开我们的仓库，预计星期四送到您那里。如果家里没有人，司机会把它交给邻居。',
  ko: '소포는 오늘 아침 저희 창고를 떠났으며 목요일에 도착할 예정입니다. 집에 아무도 없으면 기사님이 이웃에게 맡길 것입니다.',
};
const CODES = Object.keys(TEXTS);
const text = (code: string): string => TEXTS[code] ?? '';

describe('language', () => {
  it.each(CODES)('knows an answer in %s', (code) => {
    expect(make(code).check(says(text(code)), requestOf('hi'), CONTEXT)).toEqual({ ok: true });
  });

  it.each(CODES.filter((code) => code !== 'en'))(
    'fails an answer in %s where English is expected',
    (code) => {
      const verdict = { ok: false, reason: `the answer is in ${code}, not in en` };
      expect(make('en').check(says(text(code)), requestOf('hi'), CONTEXT)).toEqual(verdict);
    },
  );

  it.each(CODES.filter((code) => code !== 'en'))('fails an English answer to a request in %s', (code) => {
    const validator = make('same_as_request');
    expect(validator.check(says(text('en')), requestOf(text(code)), CONTEXT)).toMatchObject({ ok: false });
    expect(validator.check(says(text(code)), requestOf(text(code)), CONTEXT)).toEqual({ ok: true });
  });

  const FREE: readonly (readonly [string, string, string])[] = [
    ['a short answer', text('de'), 'Yes, on Thursday.'],
    [
      'code',
      text('de'),
      `\`\`\`py\nfor parcel in parcels:\n    deliver(parcel, to=neighbour)  # leave it with the neighbour if nobody is at home\n\`\`\``,
    ],
    ['a request that asks for a translation', `Translate this: ${text('de')}`, text('en')],
    ['a request that names the language', `${text('de')} Antworte bitte auf Englisch.`, text('en')],
    ['in Russian', `${text('ru')} Ответь на английском.`, text('en')],
    ['in Chinese', `${text('zh')}请用英语回答。`, text('en')],
    [
      'a request in two languages',
      `Fasse bitte zusammen, was hier geschrieben steht, in zwei Sätzen:\n${text('fr')}`,
      text('fr'),
    ],
    [
      'a request in two languages, the other',
      `Fasse bitte zusammen, was hier geschrieben steht, in zwei Sätzen:\n${text('fr')}`,
      text('de'),
    ],
    ['a request too short to tell', 'ok?', text('de')],
    [
      'a close language',
      'Pakken forlot lageret vårt i dag tidlig og skal være hos deg på torsdag. Er ingen hjemme, leveres den hos naboen.',
      'Pakken forlod vores lager i morges og burde være hos dig på torsdag. Er der ingen hjemme, afleveres den hos en nabo.',
    ],
  ];
  it.each(FREE)('lets pass %s', (_, asked, answer) => {
    expect(make('same_as_request').check(says(answer), requestOf(asked), CONTEXT)).toEqual({ ok: true });
  });

  it('sees it in the beginning, once that is long enough', () => {
    const judge = (part: string): unknown => make('en').prefix?.(says(part), requestOf('hi'), CONTEXT);
    expect(judge(text('de').slice(0, 30))).toEqual({ ok: true });
    expect(judge(text('de').slice(0, 120))).toMatchObject({ ok: false });
  });

  it('cannot be made for a language that nobody can tell', () => {
    expect(() => make('xx')).toThrow(/"xx" is none of: .*de, .*same_as_request/);
  });
});
