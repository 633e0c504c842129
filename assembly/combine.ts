import { blockEnd, blockStart, read, write } from "./simd/lanes";
import { Arithmetic } from "./plan/ops";

// @ts-ignore: decorator
@inline
function combined(a: v128, b: v128, kind: i32): v128 {
  if (kind == Arithmetic.subtract) return f32x4.sub(a, b);
  if (kind == Arithmetic.multiply) return f32x4.mul(a, b);
  if (kind == Arithmetic.divide) return f32x4.div(a, b);
  return f32x4.add(a, b);
}

/**
 * Op: out[i] = a[i] ∘ b[i mod period], for +, -, · and /: b is as long as a, or repeats along it.
 * out, a: [size]; b: [period]; out may be a, and b if that is as long.
 */
export function combine(block: i32, scratch: usize, out: usize, a: usize, b: usize, size: i32, period: i32, blockSize: i32, kind: i32): void {
  const end = blockEnd(block, blockSize, size);
  for (let i = blockStart(block, blockSize); i < end; ) {
    const column = i % period;
    const run = min(period - column, end - i);
    const at = (<usize>i) << 2;
    run4(out + at, a + at, b + ((<usize>column) << 2), run, kind);
    i += run;
  }
}

function run4(out: usize, a: usize, b: usize, count: i32, kind: i32): void {
  const end = (<usize>count) << 2, vectors = end & ~15;
  for (let i: usize = 0; i < end; i += i < vectors ? 16 : 4) {
    const whole = i < vectors;
    write(out + i, whole, combined(read(a + i, whole), read(b + i, whole), kind));
  }
}
