import type { Platt } from './model-graph.ts';

/**
 * Slope and offset that make log odds fit yes / no answers: weighted logistic regression on one input by Newton's
 * method with halved steps, with Platt's (1999) soft targets. Other answers than 0 and 1 stand for themselves; NaN is
 * unknown.
 */
export function fitPlatt(
  scores: readonly number[],
  answers: readonly number[],
  weights: readonly number[],
): Platt {
  const known = [...scores.keys()].filter((at) => !Number.isNaN(answers[at] ?? Number.NaN));
  const yes = known.filter((at) => answers[at] === 1).length;
  const high = (yes + 1) / (yes + 2);
  const low = 1 / (known.length - yes + 2);
  const targetOf = (at: number): number => {
    const answer = answers[at] ?? 0;
    return answer === 1 ? high : answer === 0 ? low : answer;
  };
  const loss = (slope: number, offset: number): number =>
    known.reduce((sum, at) => {
      const odds = slope * (scores[at] ?? 0) + offset;
      const target = targetOf(at);
      return (
        sum + (weights[at] ?? 1) * (Math.log1p(Math.exp(-Math.abs(odds))) + Math.max(odds, 0) - target * odds)
      );
    }, 0);
  let slope = 0;
  let offset = 0;
  let best = loss(slope, offset);
  for (let round = 0; round < 50; round++) {
    let [gradientSlope, gradientOffset, a, b, c] = [0, 0, 1e-9, 0, 1e-9];
    for (const at of known) {
      const score = scores[at] ?? 0;
      const weight = weights[at] ?? 1;
      const probability = 1 / (1 + Math.exp(-(slope * score + offset)));
      const error = weight * (probability - targetOf(at));
      const curve = weight * probability * (1 - probability);
      gradientSlope += error * score;
      gradientOffset += error;
      a += curve * score * score;
      b += curve * score;
      c += curve;
    }
    const determinant = Math.max(a * c - b * b, 1e-12);
    const changeSlope = (c * gradientSlope - b * gradientOffset) / determinant;
    const changeOffset = (a * gradientOffset - b * gradientSlope) / determinant;
    let step = 1;
    while (step > 1e-6 && loss(slope - step * changeSlope, offset - step * changeOffset) > best) step /= 2;
    if (step <= 1e-6) break;
    slope -= step * changeSlope;
    offset -= step * changeOffset;
    const next = loss(slope, offset);
    if (best - next < 1e-10 * best) break;
    best = next;
  }
  return { slope, offset };
}
