import type { ChatRequest, DialectId } from '../core/chat.ts';
import type { ProviderHealth } from '../core/health.ts';
import type { Clock, Dialect, Logger } from '../core/ports.ts';
import type { Decision, ModelSpec } from '../core/routing.ts';
import type { Store } from '../core/store.ts';
import type { RequestContext } from '../routing/context.ts';
import type { CountRequest } from '../routing/count-request.ts';
import type { Handle } from '../routing/handle.ts';
import type { TrainedOn } from '../routing/monitoring/alarms.ts';
import type { HttpAccess } from './access.ts';
import type { JsonBounds } from './json-guard.ts';

/** How an attempt to load a classifier bundle ended. */
export interface ReloadReport {
  readonly status: 'loaded' | 'failed';
  /** Id of the bundle that serves now; absent where none does. */
  readonly serving?: string;
  readonly previous?: string;
  /** Why the new one was refused. */
  readonly reason?: string;
}

/** Which bundles serve, and how. */
export interface LineupReport {
  /** Null where keyword rules decide. */
  readonly serving: string | null;
  readonly canary?: {
    readonly id: string;
    readonly share: number;
    readonly on: boolean;
    /** Why it is off. */
    readonly reason?: string;
  };
  readonly shadow?: {
    readonly id: string;
    readonly on: boolean;
    /** Requests it was not asked about because it had too many to do. */
    readonly skipped: number;
  };
}

/** What the HTTP layer needs. It never sees a provider or a classifier. */
export interface HttpDeps {
  readonly handle: Handle;
  /** The dry run: the decision alone, without exploration, nothing recorded. */
  readonly decide: (request: ChatRequest, context: RequestContext) => Promise<Decision>;
  /** How many tokens a request has. */
  readonly countRequest: CountRequest;
  readonly dialects: Readonly<Record<DialectId, Dialect>>;
  readonly store: Store;
  readonly models: readonly ModelSpec[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Largest request body, bytes. */
  readonly bodyLimitBytes: number;
  readonly jsonBounds: JsonBounds;
  readonly access: HttpAccess;
  /** Name of what is wrong by name of the check, empty when the router can serve. */
  readonly notReady: () => Promise<Readonly<Record<string, string>>>;
  readonly lineup: () => LineupReport;
  /** What the bundle that serves was trained on, where it says so. */
  readonly trainedOn: () => TrainedOn | undefined;
  /** How the upstreams fare now. */
  readonly providers: () => readonly ProviderHealth[];
  /** Metrics in the text format of Prometheus, and its content type. */
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Loads the classifier bundle anew. Never rejects. */
  readonly reload: () => Promise<ReloadReport>;
  /** The operator's endpoints answer other machines too. */
  readonly adminRemote: boolean;
  readonly version: string;
}
