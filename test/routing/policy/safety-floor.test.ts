import { describe, expect, it } from 'vitest';
import { createSafetyFloor } from '../../../src/routing/policy/safety-floor.ts';
import { SAFETY_TOPICS } from '../../../src/routing/policy/safety-terms.ts';

const floor = createSafetyFloor({
  tier: 'moderate',
  topics: SAFETY_TOPICS,
  terms: ['bridge load', 'torque*'],
});

function ask(...turns: string[]) {
  return floor({
    messages: turns.map((text) => ({ role: 'user' as const, content: [{ type: 'text' as const, text }] })),
  });
}

describe('the safety floor', () => {
  it.each([
    ['medical', 'What is the maximum dosage of paracetamol for an adult?'],
    ['medical', 'Can I take ibuprofen while pregnant?'],
    ['medical', 'my dad has chest pain and sweats, what now'],
    ['medical', 'Darf ich mit Fieber Antibiotika nehmen?'],
    ['medical', 'Est-ce que je peux prendre ce médicament enceinte ?'],
    ['medical', '¿Puedo tomar este medicamento con alcohol?'],
    ['medical', 'Posso prendere questo farmaco con la febbre?'],
    ['medical', 'Posso tomar este medicamento na gravidez? Estou grávida'],
    ['medical', 'Можно ли пить лекарство при беременности?'],
    ['medical', '怀孕可以吃这个药吗，可以吗'],
    ['medical', '妊娠中にこの薬を飲んでも大丈夫ですか'],
    ['legal', 'Can I sue my landlord for keeping the deposit?'],
    ['legal', 'My landlord wants me out next week, what are my rights?'],
    ['legal', 'Muss ich den Mietvertrag unterschreiben?'],
    ['legal', 'Should I sign this contract without a lawyer?'],
    ['legal', 'Puis-je rompre mon bail ? dois-je payer ?'],
    ['financial', 'Should I invest my savings in bitcoin or pay down the mortgage?'],
    ['financial', 'is it worth taking a loan to buy stocks'],
    ['financial', 'Soll ich Aktien verkaufen und den Kredit tilgen?'],
    ['financial', '应该买股票吗？'],
    ['terms', 'What bridge load is allowed here?'],
    ['terms', 'Which torques do the bolts need?'],
  ])('sees a %s decision: %s', (topic, text) => {
    expect(ask(text)).toMatchObject({ tier: 'moderate', topic });
  });

  it.each([
    'When is the next bank holiday?',
    'Write a poem about a doctor',
    'Write a short story in which a nurse asks about the dosage of morphine',
    'What is the capital of Peru?',
    'Translate "my lawyer is late" into French',
    'Summarize this article about the stock market',
    'How do I write a unit test for a tax calculator class?',
    'Which court is Wimbledon played on?',
    'Rename the variable patient to person',
    'Implement cache eviction with an LRU list',
    'Can I use async in a constructor?',
    'What does the word inheritance mean in C++?',
    'Will it rain tomorrow, should I take an umbrella?',
    'Explain class inheritance with an example',
    'Erzähl mir einen Witz über einen Arzt',
    'Who won the patent war between Apple and Samsung?',
    'should I use let or const',
  ])('lets pass: %s', (text) => {
    expect(ask(text)).toBeUndefined();
  });

  it('does not look into what is pasted in the middle of a long message', () => {
    const pasted = `Shorten this text.\n${'word '.repeat(400)} overdose ${'word '.repeat(400)}\nThanks`;
    expect(ask(pasted)).toBeUndefined();
  });

  it('reads a short follow-up with the question before it, and a new long one alone', () => {
    expect(ask('What is the dosage of ibuprofen for adults?', 'and for a child?')).toMatchObject({
      topic: 'medical',
    });
    const next = 'Now help me plan a birthday party for twelve guests with a treasure hunt and a cake';
    expect(ask('What is the dosage of ibuprofen for adults?', next)).toBeUndefined();
  });

  it('guards only the topics it is told to', () => {
    const legal = createSafetyFloor({ tier: 'complex', topics: ['legal'], terms: [] });
    const text = 'What is the maximum dosage of paracetamol?';
    expect(legal({ messages: [{ role: 'user', content: [{ type: 'text', text }] }] })).toBeUndefined();
  });

  it('takes the words of the operator as they are, whatever is in them', () => {
    const odd = createSafetyFloor({ tier: 'complex', topics: [], terms: ['c++ (unsafe', 'a.b'] });
    const hit = (text: string) => odd({ messages: [{ role: 'user', content: [{ type: 'text', text }] }] });
    expect(hit('Is C++ (unsafe) fine?')).toMatchObject({ because: ['C++ (unsafe'] });
    expect(hit('acb')).toBeUndefined();
  });
});
