import { absolute, type Values } from './values.js';

export interface GemmOptions {
  m: number;
  n: number;
  k: number;
  a: Values; // [m, k], or [k, m] with transposeA
  b: Values; // [k, n], or [n, k] with transposeB
  transposeA?: boolean;
  transposeB?: boolean;
  /** Elements from one stored row of `a` to the next. Default: no gap. */
  lda?: number;
  /** Elements from one stored row of `b` to the next. Default: no gap. */
  ldb?: number;
  /** Added to the product: [m, n], without gaps. */
  c?: Values;
}

/** op(a)·op(b) + c: [m, n]. */
export function gemm({ m, n, k, a, b, transposeA = false, transposeB = false, lda, ldb, c }: GemmOptions): Float64Array {
  const strideA = lda ?? (transposeA ? m : k);
  const strideB = ldb ?? (transposeB ? k : n);
  requireMatrix('a', a, transposeA ? [k, m] : [m, k], strideA);
  requireMatrix('b', b, transposeB ? [n, k] : [k, n], strideB);
  if (c !== undefined) requireMatrix('c', c, [m, n], n);

  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = c === undefined ? 0 : c[i * n + j]!;
      for (let p = 0; p < k; p++) {
        const left = transposeA ? a[p * strideA + i]! : a[i * strideA + p]!;
        const right = transposeB ? b[j * strideB + p]! : b[p * strideB + j]!;
        sum += left * right;
      }
      result[i * n + j] = sum;
    }
  }
  return result;
}

/** The absolute sums Σ|a·b| + |c| of every element of `gemm`, for `elementTolerances`: [m, n]. */
export function absGemm(options: GemmOptions): Float64Array {
  const { a, b, c } = options;
  return gemm({ ...options, a: absolute(a), b: absolute(b), ...(c !== undefined && { c: absolute(c) }) });
}

function requireMatrix(name: string, values: Values, [rows, columns]: [number, number], stride: number): void {
  if (stride < columns) throw new RangeError(`${name}: a row of ${columns} does not fit a stride of ${stride}`);
  const needed = rows === 0 || columns === 0 ? 0 : (rows - 1) * stride + columns;
  if (values.length < needed) throw new RangeError(`${name}: expected at least ${needed} values, received ${values.length}`);
}
