import { LanewiseError } from '../../errors.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { Purpose, streamKey } from '../../random.js';
import type { Embedding } from '../../runtime/embedded.js';
import { allKernels } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer } from '../layer.js';

/** A range given by its ends, or by one number for both sides of 0. */
export type Factor = number | readonly [low: number, high: number];

/** What every such op takes beside its input and its output. */
export interface ImageArguments {
  state: Tape['state'];
  height: number;
  width: number;
  channels: number;
  key0: number;
  key1: number;
}

/**
 * A layer that changes images at random in training, anew at every step, and elsewhere does nothing. What it does to an image is a function of
 * (seed, layer, step, image). Input shape: [height, width, channels]. Output shape: the input's.
 */
export abstract class Augmentation extends Layer {
  override get kernels(): Embedding {
    return allKernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    return inputShape;
  }

  /** Lays out the op: from x to y, both [batch, height, width, channels]. */
  protected abstract forward(tape: Tape, y: PlanTensor, x: PlanTensor, args: ImageArguments): void;
  /** The op's adjoint, with the same draws: from dy to dx. */
  protected abstract backward(tape: Tape, dx: PlanTensor, dy: PlanTensor, args: ImageArguments): void;

  emit(input: PlanTensor, { tape, stream }: EmitContext): PlanTensor {
    if (!tape.training) return input;
    const x = tape.toRows(input);
    const [height, width, channels] = this.input as [number, number, number];
    const [key0, key1] = streamKey(tape.seed, Purpose.augment, stream);
    const args = { state: tape.state, height, width, channels, key0, key1 };
    const y = tape.like(x);
    this.forward(tape, y, x, args);
    tape.record(y, [x], (dy) => {
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      this.backward(tape, dx, dy, args);
      return [dx];
    });
    return y;
  }
}

/** The ends of a range. @throws LanewiseError `invalid-argument` */
export function requireRange(factor: Factor, option: string, where: string, [least, most]: readonly [number, number] = [-1, 1]): readonly [number, number] {
  const range: unknown = typeof factor === 'number' ? [-factor, factor] : factor;
  const [low, high, ...more] = (Array.isArray(range) ? range : []) as [number, number];
  if (more.length === 0 && low >= least && high <= most && low <= high) return [low, high];
  throw new LanewiseError('invalid-argument', `${option} is no range`, {
    where, expected: `a number from 0 to ${most}, or [low, high] within ${least} and ${most}`, received: JSON.stringify(factor) ?? String(factor),
  });
}

/** `±10 %`, or both ends of a range. */
export const inPercent = ([low, high]: readonly [number, number]): string =>
  low === -high ? `±${percent(high)} %` : `${percent(low)} to ${percent(high)} %`;
const percent = (share: number): string => String(Math.round(1000 * share) / 10);
