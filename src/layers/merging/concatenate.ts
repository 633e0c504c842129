import { LanewiseError } from '../../errors.js';
import { ROW_BLOCK, blocksOf } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { floatsOn } from '../../plan/buffer.js';
import { Kernel } from '../../plan/ops.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { formatShape, sizeOf } from '../../tensor/shape.js';
import { emitStepMask } from '../core/masking.js';
import type { EmitContext } from '../layer.js';
import { bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { MergeLayer, emitMaskOfAny, inLayoutOfAll } from './merge-layer.js';

export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which inputs are joined, the batch being axis 0; negative ones count from the end. Default -1. */
  axis?: number;
}

export const CONCATENATE_OPTIONS: OptionTable<ConcatenateOptions> = { axis: orNot('number', -1) };

class Concatenate extends MergeLayer {
  readonly type = 'concatenate';
  readonly optionTable = CONCATENATE_OPTIONS;
  private readonly axis: number;

  constructor(options: ConcatenateOptions) {
    super(options);
    this.axis = options.axis ?? -1;
    if (!Number.isInteger(this.axis) || this.axis === 0) {
      throw new LanewiseError('invalid-argument', 'axis is out of range', {
        where: this.name, expected: 'a whole number; not 0, which is the batch', received: String(options.axis),
      });
    }
  }

  /** The axis in the shape of a sample. */
  private axisOf({ length: rank }: Shape): number {
    const axis = this.axis < 0 ? rank + this.axis : this.axis - 1;
    if (axis >= 0 && axis < rank) return axis;
    throw new LanewiseError('invalid-shape', 'the inputs do not have this axis', {
      where: this.name, expected: `an axis from 1 to ${rank}, or -${rank} to -1`, received: String(this.axis),
    });
  }

  protected mergedShape(inputShapes: readonly Shape[]): Shape {
    const [first] = inputShapes as [Shape];
    const axis = this.axisOf(first);
    const others = (shape: Shape): string => shape.map((size, index) => (index === axis ? '·' : size)).join(', ');
    const odd = inputShapes.find((shape) => others(shape) !== others(first));
    if (odd) {
      throw new LanewiseError('invalid-shape', 'inputs differ in more than the axis along which they are joined', {
        where: this.name, expected: `[${others(first)}]`, received: formatShape(odd),
      });
    }
    return first.map((size, index) => (index === axis ? inputShapes.reduce((sum, shape) => sum + shape[axis]!, 0) : size));
  }

  override describe(): string {
    return `axis ${this.axis}`;
  }

  emitMerged(inputs: readonly PlanTensor[], { tape }: EmitContext): PlanTensor {
    const parts = inLayoutOfAll(tape, inputs);
    const axis = this.axisOf(this.output);
    const y = emitConcatenated(tape, parts, axis, this.output);
    return tape.withMask(y, axis === 0 ? emitJoinedMask(tape, parts) : emitMaskOfAny(tape, parts));
  }
}

/** Inputs of one layout side by side along an axis of a sample. */
export function emitConcatenated(tape: Tape, parts: readonly PlanTensor[], axis: number, output: Shape): PlanTensor {
  const { layout } = parts[0]!;
  // in both layouts the axes from this one on lie together: a row is all of them
  const outer = sizeOf(output.slice(0, axis)) * (layout === 'lanes' ? tape.groups : tape.batch);
  const columnsOf = ({ shape }: PlanTensor): number => sizeOf(shape.slice(axis)) * (layout === 'lanes' ? Kernel.lanes : 1);
  const stride = parts.reduce((sum, part) => sum + columnsOf(part), 0);
  const y = tape.tensor(output, layout);
  const eachPart = (work: (part: PlanTensor, columns: number, start: number) => void): void => {
    let start = 0;
    for (const part of parts) {
      const columns = columnsOf(part);
      work(part, columns, start);
      start += columns;
    }
  };
  eachPart((x, columns, start) => copyRows(tape, { to: floatsOn(y.ref, start), from: x.ref, rows: outer, columns, toStride: stride, fromStride: columns }));
  tape.record(y, parts, (dy) => {
    const gradients: (PlanTensor | undefined)[] = [];
    eachPart((x, columns, start) => {
      const dx = x.needsGradient ? tape.like(x) : undefined;
      if (dx) copyRows(tape, { to: dx.ref, from: floatsOn(dy.ref, start), rows: outer, columns, toStride: columns, fromStride: stride });
      gradients.push(dx);
    });
    return gradients;
  });
  return y;
}

/** The masks of sequences that are joined in time, one after the other; all steps count of one that has none. Undefined if none has. */
function emitJoinedMask(tape: Tape, parts: readonly PlanTensor[]): Ref | undefined {
  if (parts.every(({ mask }) => mask === undefined)) return undefined;
  const stride = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const joined = tape.buffer(tape.batch * stride);
  let start = 0;
  for (const part of parts) {
    const columns = part.shape[0]!;
    const from = part.mask ?? emitStepMask(tape, tape.toRows(part), tape.batch * columns, Infinity); // no step has only this
    copyRows(tape, { to: floatsOn(joined, start), from, rows: tape.batch, columns, toStride: stride, fromStride: columns });
    start += columns;
  }
  return joined;
}

function copyRows(tape: Tape, args: { to: Ref; from: Ref; rows: number; columns: number; toStride: number; fromStride: number }): void {
  tape.op('copyRows', { ...args, blockRows: ROW_BLOCK }, blocksOf(args.rows, ROW_BLOCK));
}

/**
 * Inputs side by side along an axis; their other sizes are the same. Output shape: the inputs', but for that axis, which is as long as theirs
 * together.
 * To be called as `concatenate().apply([a, b])`.
 * @throws LanewiseError `invalid-argument`
 */
export const concatenate = bareFactory<ConcatenateOptions>((options = {}) => new Concatenate(options));
