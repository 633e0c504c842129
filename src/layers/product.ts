import { leavesZerosOut } from '../plan/blocking.js';
import { emitGemm, emitSampledGemm } from '../plan/gemm.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { emitBiasGradient } from './bias.js';

interface Product {
  /** In rows: […, features]. */
  x: PlanTensor;
  kernel: PlanParameter; // [features, units], dense in memory
  bias: PlanParameter | undefined;
  /** Shape of one sample: […, units]. */
  output: Shape;
  /** 1 to clamp the result at zero; its gradient is then the caller's. */
  relu: number;
}

/** y = x · kernel + bias over the last axis. */
export function emitProduct(tape: Tape, { x, kernel, bias, output, relu }: Product): PlanTensor {
  const features = x.shape.at(-1)!;
  const units = output.at(-1)!;
  const rows = tape.length(x.shape, 'rows') / features;
  const y = tape.tensor(output);
  const { density = 1 } = x;
  emitGemm(tape, { c: y.ref, a: x.ref, b: kernel.value, bias: bias?.value }, { m: rows, n: units, k: features, relu, density });
  tape.record(y, [x], (dy) => {
    if (kernel.gradient) emitGemm(tape, { c: kernel.gradient, a: x.ref, b: dy.ref }, { m: features, n: units, k: rows, transposeA: true, density });
    if (bias) emitBiasGradient(tape, bias, dy, rows, units);
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    const [operands, sizes] = [{ c: dx.ref, a: dy.ref, b: kernel.value }, { m: rows, n: features, k: units }];
    // where ReLU let nothing through, nobody asks for the gradient
    if (features % 4 === 0 && leavesZerosOut({ m: rows, n: units, density })) emitSampledGemm(tape, { ...operands, x: x.ref }, sizes);
    else emitGemm(tape, operands, { ...sizes, transposeB: true });
    return [dx];
  });
  return y;
}
