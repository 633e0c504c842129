/** Applies a vector function to an array, so that a test can sweep it. Compiled by math.test.ts. */
import { erf4, exp4, expm1Below4, log4, sigmoid4, softplus4, tanh4 } from '../../../assembly/simd/math';

/** out, input: [length] float32 at these addresses, length a multiple of 4; fn: 0 exp, 1 log, 2 tanh, 3 sigmoid, 4 expm1Below, 5 erf,
 * 6 softplus. */
export function map(fn: i32, out: usize, input: usize, length: i32): void {
  const bytes = <usize>length << 2;
  for (let i: usize = 0; i < bytes; i += 16) v128.store(out + i, apply(fn, v128.load(input + i)));
}

// @ts-ignore: decorator
@inline
function apply(fn: i32, x: v128): v128 {
  if (fn == 0) return exp4(x);
  if (fn == 1) return log4(x);
  if (fn == 2) return tanh4(x);
  if (fn == 3) return sigmoid4(x);
  if (fn == 4) return expm1Below4(x);
  if (fn == 5) return erf4(x);
  return softplus4(x);
}
