/** Values of which percentiles are asked, kept without sorting them: a percentile takes time in proportion to their number. */
export interface Sample {
  add(value: number): void;
  /** By nearest rank; null where nothing was added. `percent`: above 0, at most 100. */
  percentile(percent: number): number | null;
}

const FIRST_SIZE = 64;

function swap(values: Float64Array, a: number, b: number): void {
  const kept = values[a] ?? 0;
  values[a] = values[b] ?? 0;
  values[b] = kept;
}

/** Puts what is below, at and above the pivot in this order (Dijkstra's flag); gives the bounds of what equals it. */
function partition(values: Float64Array, left: number, right: number): { first: number; last: number } {
  const pivot = values[(left + right) >>> 1] ?? 0;
  let first = left;
  let last = right;
  for (let at = left; at <= last; ) {
    const value = values[at] ?? 0;
    if (value < pivot) swap(values, first++, at++);
    else if (value > pivot) swap(values, at, last--);
    else at++;
  }
  return { first, last };
}

/** The value that would stand at `rank` (from 0) if the values were sorted; reorders them. */
function select(values: Float64Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const { first, last } = partition(values, left, right);
    if (rank < first) right = first - 1;
    else if (rank > last) left = last + 1;
    else break;
  }
  return values[rank] ?? Number.NaN;
}

export function createSample(): Sample {
  let values = new Float64Array(FIRST_SIZE);
  let size = 0;
  return {
    add(value) {
      if (size === values.length) {
        const larger = new Float64Array(2 * size);
        larger.set(values);
        values = larger;
      }
      values[size++] = value;
    },
    percentile(percent) {
      if (size === 0) return null;
      return select(values.subarray(0, size), Math.ceil((percent * size) / 100) - 1);
    },
  };
}
