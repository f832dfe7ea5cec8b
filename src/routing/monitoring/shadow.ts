/** A second bundle that decides nothing: it classifies after the request was decided, and its answer is kept beside. */
import type { Classifier, Logger } from '../../core/ports.ts';
import type { Decision, ShadowAnswer } from '../../core/routing.ts';

export interface ShadowDeps {
  /** Undefined where its bundle is not loaded. */
  readonly classifier: () => Classifier | undefined;
  readonly record: (decisionId: string, answer: ShadowAnswer) => Promise<void>;
  /** Classifications under way at most; requests beyond are passed over. */
  readonly maxInFlight: number;
  readonly logger: Logger;
}

export interface Shadow {
  /** Begins to classify a decision that is on record, with its whole text, and returns at once. Never throws. */
  observe(decision: Decision): void;
  /** Requests passed over because too many were under way. */
  skipped(): number;
  /** Takes no more and waits for what is under way. */
  close(): Promise<void>;
}

export function createShadow({ classifier, record, maxInFlight, logger }: ShadowDeps): Shadow {
  const underWay = new Set<Promise<void>>();
  let skipped = 0;
  let failing = false;
  let closed = false;

  async function classify(by: Classifier, { id, text }: Decision): Promise<void> {
    // The tokenizer works in this thread: the request goes its way first.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      const [answer] = await by.classify([{ text }]);
      if (!answer) throw new Error('it gave no answer');
      await record(id, { classifier: by.id, tier: answer.tier, confidence: answer.confidence });
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ shadow: by.id, cause: String(error) }, 'the shadow classifier failed');
      failing = true;
    }
  }

  return {
    observe(decision) {
      const by = classifier();
      if (!by || closed || decision.classification === undefined) return;
      if (underWay.size >= maxInFlight) {
        skipped += 1;
        return;
      }
      const task = classify(by, decision).finally(() => underWay.delete(task));
      underWay.add(task);
    },
    skipped: () => skipped,
    async close() {
      closed = true;
      await Promise.all(underWay);
    },
  };
}
