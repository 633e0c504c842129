import { LanewiseError } from '../../errors.js';
import type { Ref } from '../../plan/buffer.js';
import { emitGemm } from '../../plan/gemm.js';
import type { Arithmetic } from '../../plan/ops.js';
import type { PlanParameter, PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../../tensor/shape.js';
import type { ActivationName } from '../activations.js';
import { emitBiasGradient } from '../bias.js';
import { activation } from '../core/activation.js';
import { SymbolicTensor, ownStates } from '../layer.js';

/** A value in a custom layer: one for each sample of the batch, or a weight, which is the same for all. Its gradient is seen to. */
export interface Value {
  /** Without the batch. */
  readonly shape: Shape;
  readonly isWeight: boolean;
}

/** Differentiable operations for custom layers. Each gives a new value and changes none. @throws LanewiseError `invalid-shape` */
export interface CustomOps {
  /** a + b, element by element; a weight may be smaller: of the shape of a's last axes, it is repeated along the others. */
  readonly add: (a: Value, b: Value) => Value;
  /** a − b, likewise. */
  readonly subtract: (a: Value, b: Value) => Value;
  /** a · b, element by element, likewise. */
  readonly multiply: (a: Value, b: Value) => Value;
  /** a / b, likewise. */
  readonly divide: (a: Value, b: Value) => Value;
  /** x · w over the last axis. x: […, features]; w: a weight [features, units]. */
  readonly matmul: (x: Value, w: Value) => Value;
  /** factor · x + offset. */
  readonly scale: (x: Value, factor: number, offset?: number) => Value;
  /** f(x); softmax runs over the last axis. */
  readonly activation: (x: Value, name: ActivationName) => Value;
  /** The same values in another shape. */
  readonly reshape: (x: Value, shape: Shape) => Value;
}

interface Weight {
  readonly parameter: PlanParameter;
  /** Whether a use of the weight has written its gradient, so that the next ones are added to it. */
  written: boolean;
}

/** A value in a plan; without a tensor while only shapes are looked at. */
interface PlannedValue extends Value {
  readonly tensor?: PlanTensor;
  readonly weight?: Weight;
}

export const sampleValue = (shape: Shape, tensor?: PlanTensor): Value => planned({ shape, isWeight: false, ...(tensor && { tensor }) });

export function weightValue(shape: Shape, parameter?: PlanParameter): Value {
  return planned({ shape, isWeight: true, ...(parameter && { weight: { parameter, written: false } }) });
}

const planned = (value: PlannedValue): Value => value;

/** The tensor of a custom layer's result. */
export function tensorOf(value: Value): PlanTensor {
  const { tensor } = value as PlannedValue;
  if (!tensor) throw new LanewiseError('invalid-shape', 'the result is a weight, not a value of each sample');
  return tensor;
}

/** The operations, laying out ops on a tape, or without one only finding shapes. */
export function customOps(tape: Tape | undefined, where: string): CustomOps {
  const fail = (op: string, a: Value, b: Value): LanewiseError =>
    new LanewiseError('invalid-shape', `${op} of shapes that do not go together`, {
      where, expected: b.isWeight ? `a weight of the last axes of ${formatShape(a.shape)}` : `two of ${formatShape(a.shape)}`, received: formatShape(b.shape),
    });

  const binary = (name: keyof typeof Arithmetic) => (a: Value, b: Value): Value => {
    const fits = b.isWeight ? sameShape(a.shape.slice(a.shape.length - b.shape.length), b.shape) : sameShape(a.shape, b.shape);
    if (a.isWeight || !fits) throw fail(name, a, b);
    if (!tape) return sampleValue(a.shape);
    return sampleValue(a.shape, emitBinary(tape, name, tensorOf(a), b));
  };

  return {
    add: binary('add'), subtract: binary('subtract'), multiply: binary('multiply'), divide: binary('divide'),
    matmul(x, w) {
      const [features, units] = w.shape;
      if (x.isWeight || !w.isWeight || w.shape.length !== 2 || x.shape.at(-1) !== features) {
        throw new LanewiseError('invalid-shape', 'matmul of shapes that do not go together', {
          where, expected: 'a value […, features] and a weight [features, units]', received: `${formatShape(x.shape)} and ${formatShape(w.shape)}`,
        });
      }
      const shape = [...x.shape.slice(0, -1), units!];
      return sampleValue(shape, tape && emitMatmul(tape, tensorOf(x), (w as PlannedValue).weight!, shape));
    },
    scale: (x, factor, offset = 0) => sampleValue(x.shape, tape && emitScale(tape, tensorOf(x), factor, offset)),
    activation(x, name) {
      const layer = activation({ activation: name, name: where });
      layer.apply(new SymbolicTensor(x.shape));
      return sampleValue(x.shape, tape && layer.emit(tensorOf(x), { tape, parameters: [], stream: 0, trainable: false, persistent: ownStates(tape) }));
    },
    reshape(x, shape) {
      if (sizeOf(shape) !== sizeOf(x.shape)) {
        throw new LanewiseError('invalid-shape', 'reshape changes the number of values', { where, expected: `${sizeOf(x.shape)} values`, received: formatShape(shape) });
      }
      return sampleValue(shape, tape && emitReshape(tape, tensorOf(x), shape));
    },
  };
}

function emitBinary(tape: Tape, name: keyof typeof Arithmetic, a: PlanTensor, b: PlannedValue): PlanTensor {
  const size = tape.length(a.shape, 'rows');
  const period = b.isWeight ? sizeOf(b.shape) : size;
  const other = b.isWeight ? b.weight!.parameter.value : tensorOf(b).ref;
  const y = tape.tensor(a.shape);
  tape.combine(name, { out: y.ref, a: a.ref, b: other }, size, period);

  /** The gradient of a: dy, dy · b or dy / b. Of its own bytes, since what comes before may work in place on it. */
  const gradientOfA = (dy: PlanTensor): PlanTensor => {
    if (name === 'add' || name === 'subtract') return tape.copy(dy);
    const da = tape.like(a);
    tape.combine(name, { out: da.ref, a: dy.ref, b: other }, size, period);
    return da;
  };
  /** That of b, as long as a: dy, −dy, dy · a, or −dy · y / b. */
  const gradientOfB = (dy: PlanTensor): PlanTensor => {
    const db = tape.like(y);
    if (name === 'multiply') tape.combine('multiply', { out: db.ref, a: dy.ref, b: a.ref }, size);
    else if (name === 'divide') {
      tape.combine('multiply', { out: db.ref, a: dy.ref, b: y.ref }, size);
      tape.combine('divide', { out: db.ref, a: db.ref, b: other }, size, period);
      tape.affine(db.ref, db.ref, size, -1);
    } else tape.affine(db.ref, dy.ref, size, name === 'subtract' ? -1 : 1);
    return db;
  };
  tape.record(y, b.isWeight ? [a] : [a, tensorOf(b)], (dy) => {
    const da = a.needsGradient ? gradientOfA(dy) : undefined;
    if (!b.isWeight) return [da, tensorOf(b).needsGradient ? gradientOfB(dy) : undefined];
    addToWeight(tape, b.weight!, period, (gradient) => emitBiasGradient(tape, { value: gradient, gradient }, gradientOfB(dy), size / period, period));
    return [da];
  });
  return y;
}

function emitMatmul(tape: Tape, x: PlanTensor, weight: Weight, shape: Shape): PlanTensor {
  const k = x.shape.at(-1)!;
  const n = shape.at(-1)!;
  const m = tape.length(x.shape, 'rows') / k;
  const y = tape.tensor(shape);
  emitGemm(tape, { c: y.ref, a: x.ref, b: weight.parameter.value }, { m, n, k });
  tape.record(y, [x], (dy) => {
    addToWeight(tape, weight, k * n, (gradient) => emitGemm(tape, { c: gradient, a: x.ref, b: dy.ref }, { m: k, n, k: m, transposeA: true }));
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    emitGemm(tape, { c: dx.ref, a: dy.ref, b: weight.parameter.value }, { m, n: k, k: n, transposeB: true });
    return [dx];
  });
  return y;
}

/** Lays out a gradient of a weight of `size`: the first one goes to its place, later ones are added to it. */
function addToWeight(tape: Tape, weight: Weight, size: number, emit: (gradient: Ref) => void): void {
  const { gradient } = weight.parameter;
  if (!gradient) return;
  if (!weight.written) {
    weight.written = true;
    emit(gradient);
    return;
  }
  const part = tape.buffer(size);
  emit(part);
  tape.combine('add', { out: gradient, a: gradient, b: part }, size);
}

function emitScale(tape: Tape, x: PlanTensor, factor: number, offset: number): PlanTensor {
  const size = tape.length(x.shape, 'rows');
  const y = tape.tensor(x.shape);
  tape.affine(y.ref, x.ref, size, factor, offset);
  tape.record(y, [x], (dy) => {
    if (!x.needsGradient) return [];
    const dx = tape.like(x);
    tape.affine(dx.ref, dy.ref, size, factor);
    return [dx];
  });
  return y;
}

/** The bytes stay where they are. */
function emitReshape(tape: Tape, x: PlanTensor, shape: Shape): PlanTensor {
  const y: PlanTensor = { ref: x.ref, shape, layout: 'rows', needsGradient: x.needsGradient };
  tape.record(y, [x], (dy) => [{ ...dy, shape: x.shape }]);
  return y;
}
