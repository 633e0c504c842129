import { requireNotNegative, requirePositive, requirePositiveInteger, requireRate } from '../options.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import { floatsOn, PlanBuffer, refTo, type Ref } from '../plan/buffer.js';
import type { PlanBuilder } from '../plan/builder.js';
import { emitGemm } from '../plan/gemm.js';
import { allKernels } from '../runtime/embedded.js';
import { adamRule } from './adam.js';
import type { Optimizer, OptimizerOptions, ParameterPart, RuleArguments } from './optimizer.js';
import { optimizerOf, slotOf } from './optimizer.js';

export interface MuonOptions extends OptimizerOptions {
  /** Decay of the momentum of matrices. Default 0.95. */
  momentum?: number;
  /** Whether the momentum looks ahead. Default true. */
  nesterov?: boolean;
  /** Steps of the iteration by which a matrix becomes orthogonal, about. Default 5. */
  nsSteps?: number;
  /** Root mean square of a matrix's update at a rate of 1: that of Adam's is about 0.2 (Liu et al., 2025). Default 0.2. */
  rmsRate?: number;
  /** Parts of names, such as `dense_2`: what Adam moves, whatever its shape. The layer of the output should be among them. Default none. */
  excludeLayers?: readonly string[];
  /** The rate of Adam over that of Muon. Default 1. */
  adamLrRatio?: number;
  /** Decay of Adam's mean of gradients. Default 0.9. */
  adamBeta1?: number;
  /** Decay of its mean of their squares. Default 0.999. */
  adamBeta2?: number;
  /** Added to the root of the mean square. Default 1e-7. */
  epsilon?: number;
}

/** Of the quintic a·x + b·x³ + c·x⁵, which is steepest at 0 and brings singular values from there near 1 (Jordan et al., 2024). */
const QUINTIC = [3.4445, -4.775, 2.0315] as const;

/**
 * Muon (Jordan et al., 2024; as Keras in the form of Liu et al., 2025): the momentum of a matrix is brought near the closest orthogonal one, so that
 * an update moves all directions alike. Kernels of convolutions are matrices of a column for each output. Biases, embeddings, depthwise kernels, what has but one row
 * or column and the layers of `excludeLayers` are moved by AdamW at the same rate. The rate is 0.001 by default, weights decay by 0.004.
 *
 * An update of a weight [rows, columns] costs 4 · rows · columns · n operations and, in five steps, 36 · n³, n being the less of the two.
 * @throws LanewiseError `invalid-argument`
 */
export function muon({
  learningRate = 1e-3, momentum = 0.95, nesterov = true, nsSteps = 5, rmsRate = 0.2, excludeLayers = [], adamLrRatio = 1, adamBeta1 = 0.9, adamBeta2 = 0.999,
  epsilon = 1e-7, ...options
}: MuonOptions = {}): Optimizer {
  for (const [option, value] of Object.entries({ momentum, adamBeta1, adamBeta2 })) requireRate(value, option, 'muon');
  for (const [option, value] of Object.entries({ rmsRate, epsilon })) requirePositive(value, option, 'muon');
  requireNotNegative(adamLrRatio, 'adamLrRatio', 'muon');
  requirePositiveInteger(nsSteps, 'nsSteps', 'muon');
  const adam = adamRule(adamBeta1, adamBeta2, epsilon);
  return optimizerOf({
    name: 'muon',
    slots: adam.slots, // m is the momentum of matrices too
    kernels: allKernels,
    correct: (rate, move) => adamLrRatio * adam.correct(rate, move),
    emit(plan, args, slots, _blocks, parts) {
      const [m, v] = [slotOf(slots, 0), slotOf(slots, 1)];
      let start = 0; // of what comes before the next matrix
      const emitAdam = (end: number): void => {
        if (end === start) return;
        const range = on(args, start, end - start);
        adam.emit(plan, range, [floatsOn(m, start), floatsOn(v, start)], blocksOf(range.size, ELEMENT_BLOCK));
      };
      parts.forEach((part, index) => {
        if (!isMatrix(part) || excludeLayers.some((excluded) => part.path.includes(excluded))) return;
        emitAdam(part.start);
        emitMatrix(plan, on(args, part.start, part.size), floatsOn(m, part.start), part, { momentum, nesterov, nsSteps, rmsRate });
        start = parts[index + 1]?.start ?? args.size;
      });
      emitAdam(args.size);
    },
    config: { momentum, nesterov, nsSteps, rmsRate, excludeLayers: [...excludeLayers], adamLrRatio, adamBeta1, adamBeta2, epsilon },
    describe: (rate) => `Muon${typeof rate === 'number' ? `, rate ${rate}` : ', scheduled rate'}`,
  }, learningRate, { weightDecay: 0.004, ...options });
}

const columnsOf = ({ shape }: ParameterPart): number => shape.at(-1)!;
const isMatrix = (part: ParameterPart): boolean => part.matrix && part.shape.length > 1 && columnsOf(part) > 1 && part.size > columnsOf(part);

/** The arguments of a rule for a part of its range. */
const on = ({ w, g, average, ...args }: RuleArguments, start: number, size: number): RuleArguments =>
  ({ ...args, w: floatsOn(w, start), g: floatsOn(g, start), average: average && floatsOn(average, start), size });

type MatrixOptions = Required<Pick<MuonOptions, 'momentum' | 'nesterov' | 'nsSteps' | 'rmsRate'>>;

/** The update of one matrix. */
function emitMatrix(
  plan: PlanBuilder, { w, g, average, state, size, blockSize, clipvalue }: RuleArguments, m: Ref, part: ParameterPart,
  { momentum, nesterov, nsSteps, rmsRate }: MatrixOptions,
): void {
  const columns = columnsOf(part), rows = size / columns;
  const [blocks, elements] = [blocksOf(size, ELEMENT_BLOCK), { state, size, blockSize }];
  plan.op('muonMomentum', { g, m, ...elements, clipvalue, momentum, nesterov: Number(nesterov) }, blocks);
  const o = refTo(new PlanBuffer(4 * size)); // [rows, columns]
  emitOrthogonal(plan, o, g, rows, columns, nsSteps);
  plan.op('muonUpdate', { w, o, average, ...elements, scale: rmsRate * Math.sqrt(Math.max(rows, columns)) }, blocks);
}

/**
 * o = u · q, about the closest matrix of orthogonal columns, or, if it has more columns than rows, q · u of orthogonal rows. The iteration
 * x = x · (a·I + b·A + c·A²), A = xᵀ · x, is done on the small A alone, for A too becomes A · (…)²; q is the product of all the polynomials.
 */
function emitOrthogonal(plan: PlanBuilder, o: Ref, u: Ref, rows: number, columns: number, steps: number): void {
  const wide = columns > rows;
  const n = Math.min(rows, columns);
  const square = (): Ref => refTo(new PlanBuffer(4 * n * n)); // [n, n]
  const product = (a: Ref, b: Ref): Ref => {
    const c = square();
    emitGemm(plan, { c, a, b }, { m: n, n, k: n });
    return c;
  };
  const gram = square();
  emitGemm(plan, { c: gram, a: u, b: u }, { m: n, n, k: Math.max(rows, columns), transposeA: !wide, transposeB: wide });
  let [a, q] = [square(), square()];
  plan.op('newtonSchulzStart', { a, q, gram, n }, n);
  const [c0, c1, c2] = QUINTIC;
  for (let step = 1; step <= steps; step++) {
    const p = product(a, a);
    plan.op('newtonSchulzPolynomial', { p, a, n, c0, c1, c2 }, n);
    q = product(q, p);
    if (step < steps) a = product(product(a, p), p);
  }
  emitGemm(plan, wide ? { c: o, a: q, b: u } : { c: o, a: u, b: q }, { m: rows, n: columns, k: n });
}
