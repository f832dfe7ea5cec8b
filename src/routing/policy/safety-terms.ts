/**
 * Words of decisions that are dear when wrong. `alone`: names a decision by itself. `topic`: only together with a
 * `cue`, which asks what to do. A trailing `*` stands for any ending. Lower case, straight apostrophes.
 */
export const SAFETY_TOPICS = ['medical', 'legal', 'financial'] as const;
export type SafetyTopic = (typeof SAFETY_TOPICS)[number];

export interface TopicTerms {
  readonly alone: readonly string[];
  readonly topic: readonly string[];
}

/** The terms of a list that is written with semicolons. */
function terms(list: string): readonly string[] {
  return list.split(';').map((term) => term.trim());
}

export const TOPIC_TERMS: Readonly<Record<SafetyTopic, TopicTerms>> = {
  medical: {
    alone: terms(`
      dosage; overdose; overdosed; drug interaction*; side effect* of; chest pain; suicidal;
      kill myself; contraindicat*; mg of ibuprofen; mg of paracetamol; blood thinner*; symptoms of;
      stroke symptoms; differential diagnosis; allergic reaction; dosierung; überdosis;
      wechselwirkung*; nebenwirkung*; brustschmerzen; suizid*; symptome von; differentialdiagnose;
      posologie; surdose; effets secondaires; douleur* thoracique*; interaction* médicamenteuse*;
      symptômes d'*; symptômes de; dosis de; sobredosis; efectos secundarios; dolor en el pecho;
      interacción de medicamentos; interacciones de medicamentos; síntomas de; posologia;
      sovradosaggio; effetti collaterali; dolore al petto; sintomi di; dosagem; efeitos colaterais;
      dor no peito; sintomas de; bijwerkingen; overdosis; дозировк*; передозировк*; побочные эффекты;
      剂量; 副作用; 用药; 症状; 服用量; 用量は; 自杀
    `),
    topic: terms(`
      medication*; medicine*; antibiotic*; ibuprofen; paracetamol; acetaminophen; aspirin; insulin;
      metformin; warfarin; statin*; vaccine*; pregnan*; breastfeeding; fever; rash; blood pressure;
      blood sugar; diabet*; cancer; tumor; tumour; surgery; biopsy; prescription; antidepressant*;
      ssri*; medikament*; antibiotik*; schwanger*; fieber; ausschlag; blutdruck; krebs; tabletten;
      médicament*; enceinte; fièvre; tension artérielle; diabète; medicamento*; embarazad*; fiebre;
      presión arterial; farmac*; incinta; febbre; pressione sanguigna; grávida; febre; medicijn*;
      zwanger; koorts; лекарств*; беременн*; температур*; 药; 怀孕; 发烧; 薬; 妊娠; 熱が
    `),
  },
  legal: {
    alone: terms(`
      legal advice; am i liable; can i sue; can they sue; sue my; being sued; statute of limitations;
      wrongful termination; child custody; restraining order; power of attorney; plead guilty;
      breach of contract; eviction notice; evict me; evicted; rechtsberatung; verklagen; verjährung*;
      sorgerecht; kündigungsschutz*; schadensersatz*; aufenthaltserlaubnis; conseil juridique;
      porter plainte; garde d'enfant*; garde des enfants; licenciement abusif; asesoría legal;
      asesoramiento legal; demandar a; custodia de; despido improcedente; consulenza legale;
      fare causa; affidamento dei figli; licenziamento illegittimo; aconselhamento jurídico;
      processar meu; guarda dos filhos; juridisch advies; юридическ* консультац*; подать в суд; 法律咨询;
      起诉; 诉讼; 法律相談; 訴え*
    `),
    topic: terms(`
      lawyer; attorney; lawsuit; court; contract; lease; landlord; tenant; divorce; visa; immigration;
      last will; inheritance; trademark; patent; copyright; gdpr; arrested; anwalt; gericht; vertrag;
      mietvertrag; vermieter; scheidung; erbe; testament; avocat; tribunal; contrat; bail;
      propriétaire; héritage; abogado; contrato; alquiler; divorcio; herencia; avvocato; tribunale;
      contratto; affitto; divorzio; eredità; advogado; aluguel; divórcio; herança; advocaat; rechtbank;
      huurcontract; адвокат*; договор*; развод*; 合同; 离婚; 遗产; 契約; 離婚; 相続
    `),
  },
  financial: {
    alone: terms(`
      investment advice; financial advice; retirement savings; file for bankruptcy; declare bankruptcy;
      tax deduct*; capital gains tax; tax return; refinance my; pay off my; my portfolio;
      anlageberatung; steuererklärung; altersvorsorge; privatinsolvenz; umschulden;
      déclaration d'impôts; déclaration de revenus; conseil en investissement; surendettement;
      declaración de la renta; asesoría financiera; declararme en quiebra; dichiarazione dei redditi;
      consulenza finanziaria; imposto de renda; consultoria financeira; belastingaangifte;
      налогов* деклараци*; налогов* вычет*; 投资建议; 报税; 破产; 投資アドバイス; 確定申告; 自己破産
    `),
    topic: terms(`
      invest; investing; investment*; stocks; shares; bond; bonds; etf; etfs; crypto; bitcoin;
      mortgage; loan; pension; savings; 401k; 401(k); ira; tax; taxes; insurance; debt; aktie; aktien;
      kredit; hypothek; rente; steuer; steuern; versicherung; schulden; fonds; investir; prêt;
      hypothèque; retraite; impôt; impôts; assurance; dettes; invertir; acciones; préstamo; hipoteca;
      jubilación; impuestos; deudas; investire; azioni; mutuo; pensione; tasse; debiti; ações;
      empréstimo; aposentadoria; impostos; dívidas; aandelen; hypotheek; pensioen; belasting; инвест*;
      акци*; ипотек*; кредит*; 股票; 贷款; 养老金; 株; 住宅ローン; 年金
    `),
  },
};

/** Asks what to do, what is allowed or what is safe. */
export const DECISION_CUES: readonly string[] = terms(`
  should i; should my; should we; can i; could i; may i; do i need; do i have to; must i;
  am i allowed; is it safe; is it legal; is it illegal; is it ok to; is it okay to; is it worth;
  how much should; how many should; what should i; what are my rights; what are my options;
  what happens if i; what can i do; what do i do; would you recommend; is my; are my; my doctor;
  how do i get out of; soll ich; sollte ich; darf ich; kann ich; muss ich; was soll ich;
  was kann ich; ist es sicher; ist es erlaubt; welche rechte; lohnt es sich; dois-je; devrais-je;
  puis-je; est-ce que je peux; est-ce que je dois; que dois-je; ai-je le droit; est-il légal;
  que faire si; debo; debería; puedo; tengo que; qué hago; es seguro; es legal; me conviene; devo;
  dovrei; posso; è sicuro; è legale; mi conviene; deveria; é seguro; preciso; moet ik; mag ik;
  kan ik; is het veilig; можно ли; стоит ли; должен ли; должна ли; что мне делать; 应该; 可以吗; 能不能;
  怎么办; すべき; いいですか; べきですか; 大丈夫ですか
`);

/** The request is for a piece of fiction or play, whatever it is about. */
export const PLAY_FRAMES: readonly string[] = terms(`
  poem; haiku; limerick; sonnet; story; short story; novel; joke; jokes; song; lyrics; screenplay;
  fairy tale; tagline; slogan; crossword; gedicht; geschichte; witz; lied; märchen; poème;
  histoire drôle; conte; blague; chanson; poema; cuento; chiste; canción; poesia; racconto;
  barzelletta; canzone; conto; piada; gedichtje; verhaal; mopje; стих*; рассказ; анекдот; 诗; 故事;
  笑话; 詩; 物語; 冗談
`);
