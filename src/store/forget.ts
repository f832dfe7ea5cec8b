/** Forgetting: by person, by conversation, by decision, by age. */
import type { Kysely } from 'kysely';
import type { ForgetSelector, Forgotten } from '../core/store.ts';
import { anonymise } from './ledger-write.ts';
import type { Tables } from './schema.ts';

/** Decisions deleted in one transaction: writers wait no longer than that. */
const STEP = 200;

async function nextIds(db: Kysely<Tables>, selector: ForgetSelector): Promise<string[]> {
  const base = db.selectFrom('decisions').select('id').limit(STEP);
  const chosen =
    'decision' in selector
      ? base.where('id', '=', selector.decision)
      : 'session' in selector
        ? base.where('session', '=', selector.session)
        : 'user' in selector
          ? base.where('end_user', '=', selector.user)
          : base.where('at', '<', selector.before);
  return (await chosen.execute()).map(({ id }) => id);
}

/** Deletes step by step what fits the selector; what is recorded meanwhile and fits is deleted too. */
export async function forget(db: Kysely<Tables>, selector: ForgetSelector): Promise<Forgotten> {
  const sum = { decisions: 0, outcomes: 0, feedback: 0 };
  for (;;) {
    const ids = await nextIds(db, selector);
    if (ids.length === 0) return sum;
    await db.transaction().execute(async (trx) => {
      await anonymise(trx, ids);
      const feedback = await trx.deleteFrom('feedback').where('decision_id', 'in', ids).executeTakeFirst();
      const outcomes = await trx.deleteFrom('outcomes').where('decision_id', 'in', ids).executeTakeFirst();
      const decisions = await trx.deleteFrom('decisions').where('id', 'in', ids).executeTakeFirst();
      sum.feedback += Number(feedback.numDeletedRows);
      sum.outcomes += Number(outcomes.numDeletedRows);
      sum.decisions += Number(decisions.numDeletedRows);
    });
  }
}
