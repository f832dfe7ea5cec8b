/** What is counted for Prometheus: off the records as they are written, so that a scrape never reads the store. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Decision, Outcome } from '../core/routing.ts';
import type { Store } from '../core/store.ts';

export interface Metrics {
  /** Where others add instruments of their own. */
  readonly registry: Registry;
  /** The text exposition format and its content type. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Sets the gauge of each alarm that there is: 1 where it is raised, 0 elsewhere. */
  setAlarms(raised: readonly string[]): void;
  /** A request met a limit of a budget. */
  countBudget(level: 'soft' | 'hard', scope: string): void;
}

export interface MeteredStore {
  readonly store: Store;
  readonly metrics: Metrics;
}

/** Seconds; answers of models take from a tenth of a second to minutes. */
const REQUEST_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];
/** Seconds; the local classifier takes milliseconds, a judge up to seconds. */
const DECISION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Decisions that wait for their outcome; beyond it the oldest is counted no further. */
const MOST_OPEN = 10_000;

function createInstruments(registers: Registry[]) {
  const prefix = 'llm_router_';
  return {
    requests: new Counter({
      name: `${prefix}requests_total`,
      help: 'Finished requests by decided tier, by who decided, and by how they ended.',
      labelNames: ['tier', 'source', 'status'],
      registers,
    }),
    escalations: new Counter({
      name: `${prefix}escalations_total`,
      help: 'Finished requests that left the first tier of their plan, by decided tier.',
      labelNames: ['tier'],
      registers,
    }),
    judge: new Counter({
      name: `${prefix}judge_answers_total`,
      help: 'Doubtful requests by what became of the question to the judge.',
      labelNames: ['status', 'cached'],
      registers,
    }),
    cost: new Counter({
      name: `${prefix}cost_usd_total`,
      help: 'Known cost of finished requests, the judge included, USD.',
      labelNames: ['tier'],
      registers,
    }),
    unknownCost: new Counter({
      name: `${prefix}cost_unknown_total`,
      help: 'Finished requests whose cost is unknown and so missing from the sum.',
      labelNames: ['tier'],
      registers,
    }),
    latency: new Histogram({
      name: `${prefix}request_duration_seconds`,
      help: 'From the arrival of a request to the end of its answer.',
      labelNames: ['tier'],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    decision: new Histogram({
      name: `${prefix}decision_duration_seconds`,
      help: 'What the decision took, the judge included.',
      labelNames: ['source'],
      buckets: DECISION_SECONDS,
      registers,
    }),
    budgets: new Counter({
      name: `${prefix}budget_limits_total`,
      help: 'Requests past a soft limit of a budget (answered) or a hard one (refused), by level and scope.',
      labelNames: ['level', 'scope'],
      registers,
    }),
    alarm: new Gauge({
      name: `${prefix}alarm`,
      help: '1 where the alarm is raised over the last day, 0 where it is not.',
      labelNames: ['name'],
      registers,
    }),
  };
}

type Instruments = ReturnType<typeof createInstruments>;

function countDecision(
  { judge, decision }: Instruments,
  { source, judge: asked, decisionMs }: Decision,
): void {
  decision.observe({ source }, decisionMs / 1_000);
  if (asked) judge.inc({ status: asked.status, cached: String(asked.cached) });
}

function countOutcome(
  { requests, escalations, cost, unknownCost, latency }: Instruments,
  { tier, source }: Pick<Decision, 'tier' | 'source'>,
  { status, escalated, costUsd, latencyMs }: Outcome,
): void {
  requests.inc({ tier, source, status });
  latency.observe({ tier }, latencyMs / 1_000);
  if (escalated) escalations.inc({ tier });
  if (costUsd === null) unknownCost.inc({ tier });
  else cost.inc({ tier }, costUsd);
}

/** The store, which also counts what is recorded. `alarms`: the names of all there are. */
export function meter(inner: Store, alarms: readonly string[]): MeteredStore {
  const registry = new Registry();
  const instruments = createInstruments([registry]);
  const open = new Map<string, Pick<Decision, 'tier' | 'source'>>();
  const setAlarms = (raised: readonly string[]): void => {
    for (const name of alarms) instruments.alarm.set({ name }, raised.includes(name) ? 1 : 0);
  };
  setAlarms([]);
  return {
    store: {
      ...inner,
      async recordDecision(decision, entries) {
        await inner.recordDecision(decision, entries);
        countDecision(instruments, decision);
        open.set(decision.id, { tier: decision.tier, source: decision.source });
        const [oldest] = open.keys();
        if (open.size > MOST_OPEN && oldest !== undefined) open.delete(oldest);
      },
      async recordOutcome(outcome, entries) {
        const decision = open.get(outcome.decisionId);
        if (decision) countOutcome(instruments, decision, outcome);
        open.delete(outcome.decisionId);
        await inner.recordOutcome(outcome, entries);
      },
    },
    metrics: {
      registry,
      render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
      setAlarms,
      countBudget: (level, scope) => instruments.budgets.inc({ level, scope }),
    },
  };
}
