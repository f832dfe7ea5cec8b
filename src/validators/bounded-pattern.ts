import { createContext, Script } from 'node:vm';

/** Longest that one pattern may take over one answer, milliseconds. */
const LIMIT_MS = 100;

export interface BoundedPattern {
  /** Throws an Error where the pattern takes too long, as one that backtracks may on an answer made for it. */
  test(text: string): boolean;
  /** The expression as a literal; schema compilers tell patterns apart by it. */
  toString(): string;
}

/** A regular expression that cannot hold up the server. Throws on an invalid one. */
export function createBoundedPattern(pattern: string, flags: string): BoundedPattern {
  const expression = new RegExp(pattern, flags);
  const context = createContext({ expression, text: '' });
  const script = new Script('expression.lastIndex = 0; expression.test(text)');
  return {
    test(text) {
      context.text = text;
      return script.runInContext(context, { timeout: LIMIT_MS }) === true;
    },
    toString: () => String(expression),
  };
}
