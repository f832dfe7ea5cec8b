/**
 * How models begin an answer that declines the request, by language: `apology` may come first, `refusal` must follow.
 * Each is part of a regular expression over text in lower case with straight apostrophes and single spaces. A refusal
 * names the help, the request or a pointing word (that, this): "I can't wait" and "I cannot find the file" decline nothing.
 */
export interface RefusalPhrases {
  readonly apology: string;
  readonly refusal: string;
}

export const REFUSAL_PHRASES: Readonly<Record<string, RefusalPhrases>> = {
  en: {
    apology:
      "(?:i(?:'m| am) (?:very |really |so )?(?:sorry|afraid)|(?:my )?apologies|sorry|i apologi[sz]e|unfortunately)",
    refusal:
      "(?:i|we)(?:'m| am| are)? ?(?:can(?:not|'t| not)|(?:un|not )able to|won't|will not|not (?:comfortable|willing|going|allowed|permitted) (?:to|with)|(?:must|have to|need to) (?:respectfully )?(?:decline|refuse)) ?(?:to )?(?:(?:help|assist|comply)(?: you)?(?: (?:with|in|by|on)\\b|[.,!]|$)|(?:provide|give|offer|create|generate|write|produce|share|fulfil?l|complete|answer|discuss|engage (?:in|with)|support|do|continue(?: with)?|process|respond to|participate in|facilitate) (?:that|this|it|such|your request|these|those|the requested|any (?:information|instructions|content|assistance|guidance)|(?:information|instructions|guidance|assistance|content) (?:on|about|for|that|to|with)|explicit|harmful|sexual|sensitive)|(?:that|this|your) request)|(?:i'm|i am) not comfortable (?:with )?(?:helping|providing|assisting|doing|writing|creating|discussing)",
  },
  de: {
    apology: '(?:es tut mir (?:sehr )?leid|tut mir (?:sehr )?leid|entschuldigung|leider|ich bedaure)',
    refusal:
      '(?:dabei|damit|hierbei|hiermit|das|dies|so etwas|(?:diese|ihre|deine) (?:anfrage|bitte|frage)) (?:kann|können|darf|werde) (?:ich|wir) (?:ihnen |dir |euch )?(?:leider )?nicht (?:helfen|weiterhelfen|behilflich|unterstützen|beantworten|tun|machen|bearbeiten|erfüllen)|(?:(?:ich|wir) )?(?:kann|können|darf|werde|möchte)(?: ich| wir)? (?:(?:ihnen|dir|euch) )?(?:(?:dabei|damit|hierbei|hiermit|bei dieser (?:anfrage|aufgabe|bitte)|bei diesem (?:thema|anliegen)|in dieser (?:sache|angelegenheit)) )?(?:leider )?(?:nicht (?:dabei |damit |weiter)?(?:helfen|weiterhelfen|behilflich sein|unterstützen|dienen|nachkommen)|(?:diese|ihre|deine) (?:anfrage|bitte|aufgabe) (?:leider )?nicht|(?:dieser|ihrer|deiner) (?:anfrage|bitte) (?:leider )?nicht|(?:das|dies|so etwas) (?:leider )?nicht (?:tun|machen|beantworten|schreiben|erstellen)|keine (?:informationen|anleitung|anleitungen|hilfe|inhalte|auskunft) (?:dazu|hierzu|zu|über|für|geben|bereitstellen))',
  },
  fr: {
    apology:
      '(?:je suis (?:vraiment |sincèrement )?désolée?|désolée?|je regrette|malheureusement|excusez-moi)',
    refusal:
      "(?:je|nous) (?:ne (?:peux|pouvons|puis|suis)|refuse)(?: pas)?(?: malheureusement)? (?:en mesure de |pas )?(?:(?:vous |t'|te |y )?(?:aider|assister)|(?:répondre|accéder|donner suite|satisfaire) à (?:cette|votre|ta) (?:demande|requête|question)|(?:fournir|donner|générer|créer|écrire|produire|faire) (?:ce|cela|ça|cette|ces|de tel|d'informations sur|d'instructions)|faire (?:ça|cela))",
  },
  es: {
    apology:
      '(?:lo siento(?: mucho)?|lo lamento|disculpa|disculpe|perdón|lamentablemente|desafortunadamente)',
    refusal:
      '(?:no (?:puedo|podemos|me es posible|estoy en condiciones de|estoy autorizad[oa] (?:a|para)) (?:(?:ayudarte|ayudarle|ayudar|asistirte|asistirle|asistir)(?: (?:con|en|a)\\b|[.,!]|$)|(?:cumplir|responder|atender|acceder|satisfacer|procesar)(?: con| a)? (?:esa|esta|tu|su) (?:solicitud|petición|pregunta)|(?:proporcionar|ofrecer|dar|generar|crear|escribir|hacer|compartir)(?:te|le)? (?:eso|esto|esa|ese|este|esta|ese tipo|información sobre|instrucciones)))',
  },
  pt: {
    apology: '(?:desculpe|desculpa|lamento|sinto muito|peço desculpas?|infelizmente)',
    refusal:
      '(?:(?:eu )?não (?:posso|podemos|consigo|estou autorizad[oa] a|me é possível) (?:(?:te |lhe |o |a )?(?:ajudar|ajudá-l[oa]|ajudar-te|ajudá-los|auxiliar|auxiliá-l[oa])(?: (?:com|nisso|nesse|nessa|a|em)\\b|[.,!]|$)|(?:atender|responder|cumprir|processar)(?: a| à)? (?:esse|essa|este|esta|seu|sua) (?:pedido|solicitação|pergunta)|(?:fornecer|oferecer|dar|gerar|criar|escrever|fazer|compartilhar) (?:isso|isto|esse|essa|este|esta|informações sobre|instruções)))',
  },
  it: {
    apology: '(?:mi dispiace(?: molto)?|spiacente|sono spiacente|mi scuso|purtroppo)',
    refusal:
      '(?:non (?:posso|possiamo|sono in grado di|mi è possibile|sono autorizzat[oa] a) (?:(?:aiutarti|aiutarla|aiutarvi|aiutare|assisterti|assisterla|assistere)(?: (?:con|in|a)\\b|[.,!]|$)|(?:soddisfare|rispondere|esaudire|elaborare)(?: a)? (?:questa|quella|la tua|la sua|tale) (?:richiesta|domanda)|(?:fornire|fornirti|dare|generare|creare|scrivere|fare) (?:questo|quello|ciò|tali|tale|informazioni su|istruzioni)))',
  },
  nl: {
    apology: '(?:het spijt me(?: zeer)?|sorry|helaas|mijn excuses|excuses)',
    refusal:
      '(?:daar|hier|daarmee|hiermee|dat|dit) (?:kan|kunnen|mag) (?:ik|wij|we) (?:je |u |jou |jullie )?(?:helaas )?niet (?:mee |bij |verder )?(?:helpen|doen|beantwoorden)|(?:ik|wij|we) (?:kan|kunnen) (?:je|u|jullie) (?:hier|daar) (?:helaas )?niet (?:mee|bij) helpen|(?:(?:maar )?(?:ik|wij|we) (?:kan|kunnen|mag|ga)|(?:kan|kunnen|mag) (?:ik|wij|we)) (?:je|u|jou|jullie)? ?(?:(?:hier|daar)(?:bij|mee)|hiermee|daarmee|met (?:dit|deze|dat|die) ?(?:verzoek|vraag)?)? ?(?:helaas )?niet (?:(?:mee |bij |verder )?helpen|assisteren|ondersteunen|aan (?:dit|dat|je|uw) verzoek|voldoen aan)',
  },
  sv: {
    apology: '(?:jag är (?:verkligen )?ledsen|(?:jag )?beklagar|förlåt|tyvärr|ursäkta)',
    refusal:
      'det kan (?:jag|vi) (?:tyvärr )?inte (?:hjälpa|svara på|göra)|(?:jag|vi|kan jag) (?:kan|kan tyvärr|får)? ?(?:inte|tyvärr inte) (?:hjälpa (?:dig |er |till )?(?:med|till)|hjälpa|bistå|uppfylla (?:den|denna|din)|svara på (?:den|denna) (?:frågan|förfrågan))',
  },
  da: {
    apology: '(?:jeg beklager|beklager|undskyld|desværre|det gør mig ondt)',
    refusal:
      'det kan (?:jeg|vi) (?:desværre )?ikke (?:hjælpe|svare på|gøre)|(?:jeg|vi|kan jeg) (?:kan |må )?(?:desværre )?ikke (?:hjælpe(?: dig| jer)?(?: med\\b|[.,!]|$)|assistere|imødekomme|besvare (?:det|denne) )',
  },
  no: {
    apology: '(?:jeg beklager|beklager|unnskyld|dessverre|det er jeg lei for)',
    refusal:
      'det kan (?:jeg|vi) (?:dessverre )?ikke (?:hjelpe|svare på|gjøre)|(?:jeg|vi|kan jeg) (?:kan |får )?(?:dessverre )?ikke (?:hjelpe(?: deg| dere)?(?: med\\b|[.,!]|$)|bistå|imøtekomme|svare på (?:det|denne) )',
  },
  fi: {
    apology: '(?:olen pahoillani|pahoittelen|valitettavasti|anteeksi)',
    refusal:
      '(?:minä )?(?:en (?:valitettavasti )?(?:voi|pysty|saa)) (?:valitettavasti )?(?:auttaa|avustaa|täyttää (?:tätä|pyyntöäsi)|vastata (?:tähän|pyyntöösi)|toteuttaa (?:tätä|pyyntöäsi))',
  },
  pl: {
    apology: '(?:(?:bardzo )?(?:mi )?przykro(?: mi)?|przepraszam|niestety|wybacz)',
    refusal:
      '(?:nie (?:mogę|możemy|jestem w stanie|wolno mi) (?:ci |pani |panu |państwu )?(?:(?:w tym |z tym )?pomóc|spełnić (?:tej|twojej|tego) |odpowiedzieć na (?:to|tę) |udzielić (?:takich|tych|informacji na)|zrealizować (?:tej|twojej)))',
  },
  cs: {
    apology: '(?:je mi (?:to )?líto|omlouvám se|bohužel|promiňte|lituji)',
    refusal:
      '(?:(?:s tímto|s tím|v tomto|v tom) (?:vám |ti )?(?:bohužel )?(?:nemohu|nemůžu|nedokážu) pomoci|(?:nemohu|nemůžu|nejsem schopen|nesmím) (?:vám |ti )?(?:(?:s tím(?:to)? |v tom(?:to)? )?pomoci|pomoct|vyhovět|splnit (?:tuto|tento|váš|vaši)|odpovědět na (?:tuto|tento)))',
  },
  tr: {
    apology: '(?:üzgünüm|özür dilerim|maalesef|kusura bakma(?:yın)?)',
    refusal:
      '(?:(?:size |sana )?(?:bu (?:konuda|istekte|talepte|isteğe|talebe|isteği|talebi|soruya)|buna|bunu|bunda) (?:maalesef )?(?:size |sana )?(?:yardımcı olama(?:m|yız|yacağım)|yardım edeme(?:m|yiz|yeceğim)|yanıt vereme(?:m|yiz)|cevap vereme(?:m|yiz)|yerine getireme(?:m|yiz)|yapama(?:m|yız)|karşılayama(?:m|yız)))',
  },
  ru: {
    apology: '(?:(?:мне )?(?:очень )?жаль|извините|простите|прошу прощения|к сожалению|сожалею)',
    refusal:
      '(?:(?:но )?(?:я|мы) (?:к сожалению,? )?)?(?:не (?:могу|можем|смогу|в состоянии|имею права)) (?:вам |тебе )?(?:с этим |в этом )?(?:помочь(?: (?:вам|тебе))?(?: (?:с|в|вам)\\b|[ .,!]|$)|выполнить (?:этот|эту|ваш|вашу|данный|твой) |ответить на (?:этот|ваш|данный) |предоставить (?:такую|эту|вам|информацию о|инструкции)|обсуждать эт)',
  },
  uk: {
    apology: '(?:(?:мені )?(?:дуже )?шкода|вибачте|перепрошую|пробачте|на жаль)',
    refusal:
      '(?:(?:але )?(?:я|ми) (?:на жаль,? )?)?не (?:можу|можемо|зможу|в змозі) (?:вам |тобі )?(?:з цим |у цьому |в цьому )?(?:допомогти|виконати (?:цей|ваш|це|цю|вашу) |відповісти на (?:це|ваш) |надати (?:таку|цю|вам|інформацію про))',
  },
  ar: {
    apology: '(?:(?:أنا )?آسف[ةه]?(?: جدا)?|عذرا[ً]?|عذرًا|أعتذر|للأسف|معذرة)',
    refusal:
      '(?:و?لكن(?:ني|ي)? )?(?:لا (?:أستطيع|يمكنني|أقدر|يمكننا|نستطيع)|لن (?:أستطيع|أتمكن|أقدر)|لست قادر[ا]?) (?:من |على )?(?:مساعدتك|المساعدة في|المساعدة بهذا|تقديم (?:هذه|هذا|معلومات حول|المساعدة)|تلبية (?:هذا|طلبك)|الإجابة (?:على|عن) هذا|تنفيذ (?:هذا|طلبك))',
  },
  he: {
    apology: '(?:אני (?:מאוד )?מצטערת?|מצטערת?|סליחה|לצערי)',
    refusal:
      '(?:אני )?(?:לא (?:יכולה?|אוכל|מסוגלת?)|איני יכולה?) (?:לעזור|לסייע|להיענות|למלא את הבקשה|לענות על (?:זה|שאלה זו))',
  },
  fa: {
    apology: '(?:متأسفم|متاسفم|ببخشید|معذرت می‌خواهم|عذرخواهی می‌کنم|متأسفانه|متاسفانه)',
    refusal:
      '(?:اما )?(?:من )?(?:نمی‌توانم|نمی توانم|قادر نیستم) (?:به شما |در این (?:مورد|زمینه|باره) |با این )?(?:به شما )?(?:کمک|پاسخ (?:دهم|بدهم)|این (?:درخواست|کار))',
  },
  hi: {
    apology: '(?:मुझे (?:खेद|माफ़ करें|अफ़सोस) है|मुझे खेद है|क्षमा करें|माफ़ कीजिए(?:गा)?|माफ करें|माफ़ करें|दुर्भाग्य से)',
    refusal:
      '(?:लेकिन |पर |कि )?(?:मैं|हम) (?:आपकी |इस(?:में| मामले में| अनुरोध को| विषय पर)? |इसमें )?(?:आपकी )?(?:मदद|सहायता|पूरा|सहयोग) (?:नहीं कर (?:सकता|सकती|सकते|पाऊंगा|पाऊँगा)|करने में असमर्थ)',
  },
  id: {
    apology: '(?:maaf(?:kan saya)?|saya (?:minta|mohon) maaf|mohon maaf|sayangnya|maaf ya)',
    refusal:
      '(?:tapi |tetapi |namun )?(?:saya|kami|aku) (?:tidak (?:bisa|dapat|boleh|mampu)) (?:membantu(?: anda| kamu)?(?: (?:dengan|dalam|untuk)\\b|[.,!]|$)|memenuhi permintaan|menjawab (?:itu|pertanyaan (?:itu|ini))|memberikan (?:informasi|instruksi) (?:tentang|itu|mengenai)|melakukan (?:itu|hal (?:itu|tersebut)))',
  },
  vi: {
    apology: '(?:(?:tôi )?(?:rất )?(?:xin lỗi|tiếc|lấy làm tiếc)|rất tiếc|thật không may|đáng tiếc)',
    refusal:
      '(?:nhưng )?(?:tôi|chúng tôi|mình) (?:không thể|không được phép) (?:giúp(?: bạn)?(?: (?:với|về|trong|việc|điều)|[.,!]|$)|hỗ trợ(?: bạn)?|đáp ứng yêu cầu|trả lời (?:câu hỏi này|yêu cầu)|cung cấp (?:thông tin (?:về|đó|này)|hướng dẫn)|thực hiện yêu cầu)',
  },
  th: {
    apology: '(?:ขออภัย(?:ด้วย)?|ขอโทษ(?:ด้วย)?|เสียใจด้วย|น่าเสียดาย)(?:ค่ะ|ครับ|นะคะ|นะครับ)?',
    refusal:
      '(?:แต่)?(?:ฉัน|ผม|ดิฉัน|เรา)?(?:ไม่สามารถ)(?:ให้ความ)?(?:ช่วยเหลือ|ช่วย|ตอบคำถามนี้|ตอบสนองคำขอ|ทำตามคำขอ|ดำเนินการตามคำขอ|ให้ข้อมูล(?:นี้|ดังกล่าว))',
  },
  ja: {
    apology:
      '(?:(?:大変)?申し訳(?:ございません|ありません|ないです|ない)|すみません|恐れ入りますが|ごめんなさい|残念ながら|あいにく)(?:が|けど|けれども)?',
    refusal:
      '(?:私は)?(?:その|この|そのような|このような|そういった|こちらの|ご)?(?:ご)?(?:要望|依頼|要求|リクエスト|質問|内容|件|お手伝い|こと|ような内容|ご質問)?(?:については|に関しては|には|に|を|は|の)?(?:お応え|お答え|応じる(?:こと)?(?:は|が)?|お手伝い(?:する)?(?:こと)?(?:は|が)?|お力になる?(?:こと)?(?:は|が)?|対応(?:する)?(?:こと)?(?:は|が)?|提供(?:する)?(?:こと)?(?:は|が)?|回答(?:する)?(?:こと)?(?:は|が)?|支援(?:する)?(?:こと)?(?:は|が)?)(?:する)?(?:こと(?:は|が))?(?:でき(?:ません|ない|かねます)|しかねます|いたしかねます|致しかねます)',
  },
  zh: {
    apology: '(?:(?:很|非常|十分)?抱歉|对不起|對不起|不好意思|很遗憾|很遺憾|遗憾的是)',
    refusal:
      '(?:但|不过)?(?:我|我们|我們)?(?:无法|無法|不能|不可以|没办法|沒辦法|没有办法)(?:为您|为你|為您|給您|给你|给您|向您|就此)?(?:协助|協助|帮助|幫助|帮忙|幫忙|帮您|帮你|幫您|满足(?:您|你|这|該|该)|滿足(?:您|你|這)|回答(?:这|您|你|该|此|這)|提供(?:这|此|该|相关|您|這|相關|有关)|处理(?:这|您|该|此)|完成(?:这|您|该|此)|执行(?:这|您|该|此)|讨论(?:这|此|该)|参与|生成(?:这|此|该))',
  },
  ko: {
    apology:
      '(?:(?:정말 |대단히 )?(?:죄송(?:합니다|하지만|합니다만|해요)|미안(?:합니다|하지만|해요))|유감(?:입니다|스럽게도|이지만)|안타깝게도)',
    refusal:
      '(?:저는 |제가 )?(?:그|이|해당|그런|이런|요청하신|그러한|이러한)? ?(?:요청|질문|내용|부분|작업|것|주제|일)?(?:에는|에 대해서는|에 대해|에|을|를|은|는|에 대한)? ?(?:도와 ?드릴|도움을 드릴|도움을 줄|도와줄|응할|답변(?:을)?(?: 드릴|할)?|답할|답변해 드릴|제공(?:해 드릴|할)|들어 ?드릴|처리할|수행할|지원(?:해 드릴|할)|정보를 제공할) 수(?:가|는)? 없',
  },
};
