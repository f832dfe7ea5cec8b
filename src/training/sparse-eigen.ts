/** The little linear algebra that factorising a large sparse symmetric matrix needs. Dense matrices are row-major. */

/** Each pair once, in either order; the mirrored entry is implied. */
export interface SparseSymmetric {
  readonly size: number;
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** `matrix` [size, size] times `dense` [size, width]. */
export function multiply(
  matrix: SparseSymmetric,
  dense: Float64Array,
  width: number,
): Float64Array<ArrayBuffer> {
  const result = new Float64Array(matrix.size * width);
  const { rows, columns, values } = matrix;
  for (let entry = 0; entry < values.length; entry++) {
    const a = (rows[entry] ?? 0) * width;
    const b = (columns[entry] ?? 0) * width;
    const value = values[entry] ?? 0;
    for (let k = 0; k < width; k++) result[a + k] = (result[a + k] as number) + value * (dense[b + k] ?? 0);
    if (a === b) continue;
    for (let k = 0; k < width; k++) result[b + k] = (result[b + k] as number) + value * (dense[a + k] ?? 0);
  }
  return result;
}

/** The columns of `dense` [n, width] made orthonormal by modified Gram-Schmidt, twice for accuracy. In place. */
export function orthonormalise(dense: Float64Array<ArrayBuffer>, width: number): Float64Array<ArrayBuffer> {
  const count = dense.length / width;
  for (let column = 0; column < width; column++) {
    for (let pass = 0; pass < 2; pass++) {
      const dots = new Float64Array(column);
      for (let row = 0; row < count; row++) {
        const value = dense[row * width + column] ?? 0;
        for (let before = 0; before < column; before++)
          dots[before] = (dots[before] as number) + value * (dense[row * width + before] ?? 0);
      }
      for (let row = 0; row < count; row++) {
        let sum = 0;
        for (let before = 0; before < column; before++)
          sum += (dots[before] ?? 0) * (dense[row * width + before] ?? 0);
        dense[row * width + column] = (dense[row * width + column] as number) - sum;
      }
    }
    let norm = 0;
    for (let row = 0; row < count; row++) norm += (dense[row * width + column] ?? 0) ** 2;
    const scale = norm > 1e-20 ? 1 / Math.sqrt(norm) : 0;
    for (let row = 0; row < count; row++)
      dense[row * width + column] = (dense[row * width + column] as number) * scale;
  }
  return dense;
}

/**
 * Eigenvalues and eigenvectors (as columns) of a small dense symmetric matrix by cyclic Jacobi rotations
 * (Golub and Van Loan, Matrix Computations, section 8.5).
 */
export function eigenSymmetric(
  matrix: Float64Array,
  size: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(size * size);
  for (let i = 0; i < size; i++) v[i * size + i] = 1;
  const at = (i: number, j: number): number => a[i * size + j] ?? 0;
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += at(i, j) ** 2;
    if (off < 1e-18) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(at(p, q)) < 1e-300) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        rotate(a, v, { size, p, q, c, s: t * c });
      }
    }
  }
  return { values: Float64Array.from({ length: size }, (_, i) => at(i, i)), vectors: v };
}

interface Rotation {
  readonly size: number;
  readonly p: number;
  readonly q: number;
  readonly c: number;
  readonly s: number;
}

function rotate(a: Float64Array, v: Float64Array, { size, p, q, c, s }: Rotation): void {
  const turn = (m: Float64Array, i: number, j: number): void => {
    const x = m[i] ?? 0;
    const y = m[j] ?? 0;
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < size; k++) turn(a, k * size + p, k * size + q);
  for (let k = 0; k < size; k++) turn(a, p * size + k, q * size + k);
  for (let k = 0; k < size; k++) turn(v, k * size + p, k * size + q);
}
