/** What each classifier decided, how that went, and how far its shadow agreed. */
import { type Kysely, sql } from 'kysely';
import type { ShadowAnswer } from '../core/routing.ts';
import type { ClassifierStats, StatsWindow } from '../core/store.ts';
import { perTier } from '../core/tier.ts';
import { pieces } from './pieces.ts';
import type { Tables } from './schema.ts';

interface DecidedRow {
  classifier: string;
  requests: number;
  simple: number;
  moderate: number;
  complex: number;
  finished: number;
  escalated: number;
}

interface RatedRow {
  classifier: string;
  rated: number;
  down: number;
}

interface ShadowRow {
  classifier: string;
  shadow: string;
  compared: number;
  agreed: number;
}

/** Adds the shadow's answer to a decision that has none yet; the document stays one JSON object. */
export async function recordShadow(db: Kysely<Tables>, id: string, shadow: ShadowAnswer): Promise<void> {
  const member = `,"shadow":${JSON.stringify(shadow)}}`;
  await db
    .updateTable('decisions')
    .set({
      shadow_classifier: shadow.classifier,
      shadow_tier: shadow.tier,
      document: sql<string>`substr(document, 1, length(document) - 1) || ${member}`,
    })
    .where('id', '=', id)
    .where('shadow_classifier', 'is', null)
    .execute();
}

function addStats(a: ClassifierStats, b: ClassifierStats): ClassifierStats {
  const shadows = Object.entries(b.shadows).map(([id, { compared, agreed }]) => {
    const known = a.shadows[id] ?? { compared: 0, agreed: 0 };
    return [id, { compared: known.compared + compared, agreed: known.agreed + agreed }] as const;
  });
  return {
    requests: a.requests + b.requests,
    byTier: perTier((tier) => a.byTier[tier] + b.byTier[tier]),
    finished: a.finished + b.finished,
    escalated: a.escalated + b.escalated,
    rated: a.rated + b.rated,
    down: a.down + b.down,
    shadows: { ...a.shadows, ...Object.fromEntries(shadows) },
  };
}

/**
 * By id, of the decisions made within the window; of one classifier where it is named. Other work goes on between the
 * window's pieces.
 */
export async function classifierStatsOf(
  db: Kysely<Tables>,
  window: StatsWindow,
  only?: string,
): Promise<Record<string, ClassifierStats>> {
  const sums = new Map<string, ClassifierStats>();
  for await (const piece of pieces(db, 'decisions', window)) {
    for (const [id, stats] of Object.entries(await pieceStats(db, piece, only))) {
      const known = sums.get(id);
      sums.set(id, known ? addStats(known, stats) : stats);
    }
  }
  return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function pieceStats(
  db: Kysely<Tables>,
  window: StatsWindow,
  only?: string,
): Promise<Record<string, ClassifierStats>> {
  const which = only === undefined ? sql`d.classifier is not null` : sql`d.classifier = ${only}`;
  const within = sql`${which} and d.at >= ${window.from} and d.at < ${window.to}`;
  const decided = await sql<DecidedRow>`
    select d.classifier as classifier,
      count(*) as requests,
      count(case when d.tier = 'simple' then 1 end) as simple,
      count(case when d.tier = 'moderate' then 1 end) as moderate,
      count(case when d.tier = 'complex' then 1 end) as complex,
      count(o.decision_id) as finished,
      coalesce(sum(o.escalated), 0) as escalated
    from decisions d left join outcomes o on o.decision_id = d.id
    where ${within} group by 1 order by 1`.execute(db);
  const rated = await sql<RatedRow>`
    select d.classifier as classifier, count(*) as rated, count(case when f.rating = 'down' then 1 end) as down
    from decisions d join feedback f on f.decision_id = d.id
    where ${within} and f.rating is not null and f.ended_at is null group by 1`.execute(db);
  const shadows = await sql<ShadowRow>`
    select d.classifier as classifier, d.shadow_classifier as shadow, count(*) as compared,
      count(case when d.shadow_tier = d.classified_tier then 1 end) as agreed
    from decisions d where ${within} and d.shadow_classifier is not null group by 1, 2 order by 2`.execute(
    db,
  );
  return Object.fromEntries(
    decided.rows.map((row): [string, ClassifierStats] => {
      const votes = rated.rows.find(({ classifier }) => classifier === row.classifier);
      const beside = shadows.rows.filter(({ classifier }) => classifier === row.classifier);
      return [
        row.classifier,
        {
          requests: Number(row.requests),
          byTier: {
            simple: Number(row.simple),
            moderate: Number(row.moderate),
            complex: Number(row.complex),
          },
          finished: Number(row.finished),
          escalated: Number(row.escalated),
          rated: Number(votes?.rated ?? 0),
          down: Number(votes?.down ?? 0),
          shadows: Object.fromEntries(
            beside.map(({ shadow, compared, agreed }) => [
              shadow,
              { compared: Number(compared), agreed: Number(agreed) },
            ]),
          ),
        },
      ];
    }),
  );
}
