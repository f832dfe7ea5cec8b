/** Feedback: last write wins per decision and kind, what was replaced or revoked is kept with the time it ended. */
import { randomUUID } from 'node:crypto';
import type { Insertable, Kysely, Selectable, Transaction } from 'kysely';
import { RouterError } from '../core/errors.ts';
import type { FeedbackInput, Store } from '../core/store.ts';
import { feedbackRow } from './rows.ts';
import type { FeedbackTable, Tables } from './schema.ts';

async function requireDecision(trx: Transaction<Tables>, id: string): Promise<void> {
  const known = await trx.selectFrom('decisions').select('id').where('id', '=', id).executeTakeFirst();
  if (!known) {
    throw new RouterError('unknown_decision', 'decision_id: no decision has this id.', {
      field: 'decision_id',
    });
  }
}

function saysTheSame(row: Insertable<FeedbackTable>, live: Selectable<FeedbackTable>): boolean {
  return (
    row.rating === live.rating &&
    row.score === live.score &&
    row.tier === live.tier &&
    row.comment === live.comment &&
    row.outcome === live.outcome
  );
}

/** Records one; true where it took the place of an earlier one. */
async function addOne(trx: Transaction<Tables>, feedback: FeedbackInput, at: number): Promise<boolean> {
  await requireDecision(trx, feedback.decisionId);
  const row = feedbackRow(feedback, randomUUID(), at);
  const live = await trx
    .selectFrom('feedback')
    .selectAll()
    .where('decision_id', '=', feedback.decisionId)
    .where('kind', '=', feedback.kind)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (live && saysTheSame(row, live)) {
    throw new RouterError(
      'duplicate_feedback',
      `This ${feedback.kind} is already recorded for the decision. Send another value to replace it, or {"revoke": true} to take it back.`,
      { field: feedback.kind },
    );
  }
  if (live) await trx.updateTable('feedback').set({ ended_at: at }).where('seq', '=', live.seq).execute();
  await trx.insertInto('feedback').values(row).execute();
  return live !== undefined;
}

export function createFeedbackWriter(db: Kysely<Tables>): Pick<Store, 'addFeedback' | 'revokeFeedback'> {
  return {
    addFeedback: (inputs: readonly FeedbackInput[], at: number) =>
      db.transaction().execute(async (trx) => {
        let replaced = 0;
        for (const input of inputs) if (await addOne(trx, input, at)) replaced++;
        return { replaced };
      }),

    revokeFeedback: (decisionId: string, at: number) =>
      db.transaction().execute(async (trx) => {
        await requireDecision(trx, decisionId);
        const { numUpdatedRows } = await trx
          .updateTable('feedback')
          .set({ ended_at: at })
          .where('decision_id', '=', decisionId)
          .where('ended_at', 'is', null)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) {
          throw new RouterError('nothing_to_revoke', 'There is no live feedback on this decision.', {
            field: 'revoke',
          });
        }
        return { revoked: Number(numUpdatedRows) };
      }),
  };
}
