import type { ChatRequest } from '../../src/core/chat.ts';
import type { Classification, Decision } from '../../src/core/routing.ts';
import type { RequestContext } from '../../src/routing/context.ts';
import { createDecide, type DecideDeps } from '../../src/routing/decide.ts';
import { classificationOf, createFakeClassifier } from '../fakes/classifier.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { createFakeJudge } from '../fakes/judge.ts';
import { createFakeLogger } from '../fakes/logger.ts';
import { contextOf, requestOf, threeModels } from '../fakes/requests.ts';

export type Run = (
  request?: Partial<ChatRequest>,
  headers?: Record<string, string>,
  context?: Partial<RequestContext>,
) => Promise<Decision>;

/** A decide whose classifier always says this, surely; all else as given. */
export function stageOf(
  deps: Partial<DecideDeps> = {},
  says: Classification = classificationOf('moderate', 0.9),
): { readonly run: Run; readonly asked: readonly string[] } {
  const asked: string[] = [];
  const answer = (text: string): Classification => {
    asked.push(text);
    return says;
  };
  const decide = createDecide({
    classifier: () => createFakeClassifier(answer),
    fallbackClassifier: createFakeClassifier(answer, { id: 'rules' }),
    judge: createFakeJudge(),
    models: threeModels(),
    routes: [],
    expectedOutputTokens: 400,
    clock: createFakeClock(),
    newId: () => 'dec_1',
    logger: createFakeLogger(),
    ...deps,
  });
  return {
    asked,
    run: (request = {}, headers = {}, context = {}) =>
      decide(requestOf('hello there', request), contextOf({ headers, ...context })),
  };
}
