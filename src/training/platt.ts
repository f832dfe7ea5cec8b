import type { Platt } from './model-graph.ts';

/**
 * Slope and offset that make log odds fit yes / no answers: weighted logistic regression on one input by Newton's
 * method, with Platt's (1999) soft targets. NaN answers are unknown.
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
  let slope = 1;
  let offset = 0;
  for (let round = 0; round < 50; round++) {
    let [gradientSlope, gradientOffset, a, b, c] = [0, 0, 1e-9, 0, 1e-9];
    for (const at of known) {
      const score = scores[at] ?? 0;
      const weight = weights[at] ?? 1;
      const probability = 1 / (1 + Math.exp(-(slope * score + offset)));
      const error = weight * (probability - (answers[at] === 1 ? high : low));
      const curve = weight * probability * (1 - probability);
      gradientSlope += error * score;
      gradientOffset += error;
      a += curve * score * score;
      b += curve * score;
      c += curve;
    }
    const determinant = a * c - b * b;
    if (Math.abs(determinant) < 1e-12) break;
    const changeSlope = (c * gradientSlope - b * gradientOffset) / determinant;
    const changeOffset = (a * gradientOffset - b * gradientSlope) / determinant;
    slope -= changeSlope;
    offset -= changeOffset;
    if (Math.abs(changeSlope) + Math.abs(changeOffset) < 1e-9) break;
  }
  return { slope, offset };
}
