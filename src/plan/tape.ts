import type { Shape } from '../tensor/shape.js';
import { sizeOf } from '../tensor/shape.js';
import { ELEMENT_BLOCK, blocksOf } from './blocking.js';
import type { Ref } from './buffer.js';
import { PlanBuilder, type OpArguments } from './builder.js';
import { Arithmetic, Kernel, type OpName } from './ops.js';

/**
 * How a batch lies in memory. `rows`: [batch, …shape], as at the API. `lanes`: [ceil(batch / 4)][time][features][4], four sequences side
 * by side, for recurrent layers and what follows them.
 */
export type Layout = 'rows' | 'lanes';

/** A batch of values in a plan. */
export interface PlanTensor {
  readonly ref: Ref;
  /** Shape of one sample. */
  readonly shape: Shape;
  readonly layout: Layout;
  /** Whether a gradient with respect to it is wanted. */
  readonly needsGradient: boolean;
  /** Where these are probabilities: how they came about. A layer that only gives another shape to its input hands this on. */
  readonly probabilities?: Probabilities;
  /**
   * Of values that came through ReLU, and perhaps a dropout: the share that is likely not to be zero. Products leave zeros out where there are enough, and
   * do not compute the gradient of a zero: nobody asks for it.
   */
  readonly density?: number;
  /** Of a sequence [time, features]: which steps count, 1 or 0. [batch, time], as at the API whatever the layout. Undefined if all do. */
  readonly mask?: Ref;
}

export interface Probabilities {
  /** Of softmax over the last axis, or of sigmoid, each by itself. */
  readonly kind: 'softmax' | 'sigmoid';
  /** What that was taken of, in the same order: a cross-entropy is better computed from it. */
  readonly logits: PlanTensor;
}

/** A parameter and its gradient. */
export interface PlanParameter {
  readonly value: Ref;
  /** Undefined where the parameter is not trained: then no gradient is laid out for it. */
  readonly gradient: Ref | undefined;
}

interface Step {
  owner: string;
  batch: number;
  output: PlanTensor;
  inputs: readonly PlanTensor[];
  /** From the gradient of the output, which it may overwrite, to those of the inputs that need one. */
  backward: (gradient: PlanTensor) => readonly (PlanTensor | undefined)[];
}

/** A plan builder that remembers how each tensor came about, so that the backward pass can be laid out from the end. */
export class Tape extends PlanBuilder {
  /** Whether what is laid out now wants a gradient: something before it, or its own weights, are trained. */
  needsGradient = true;
  private readonly steps: Step[] = [];
  private readonly updates: { owner: string; batch: number; emit: () => void }[] = [];

  constructor(
    /** Samples of what is laid out now; a layer that folds steps into samples says so for the layer within. */
    public batch: number,
    /** Whether dropout and the like act, and a backward pass will follow. */
    readonly training: boolean,
    readonly seed: number,
    /** The numbers that change from step to step. */
    readonly state: Ref,
    threads?: number,
  ) {
    super(threads);
  }

  /** Groups of four sequences. */
  get groups(): number {
    return Math.ceil(this.batch / Kernel.lanes);
  }

  /** Pairs of groups: what a register tile takes at once. The last may be one group only. */
  get pairs(): number {
    return Math.ceil(this.groups / 2);
  }

  /** An op whose blocks are groups, or so many of each. */
  groupwise<Name extends OpName>(name: Name, args: OpArguments<Name>, scratchBytes = 0, perGroup = 1): void {
    this.op(name, args, this.groups * perGroup, scratchBytes, 2 * perGroup);
  }

  /** An op whose blocks are pairs of groups, or so many of each. */
  pairwise<Name extends OpName>(name: Name, args: OpArguments<Name>, scratchBytes = 0, perPair = 1): void {
    this.op(name, args, this.pairs * perPair, scratchBytes, perPair);
  }

  /** Floats of a tensor of the whole batch. */
  length(shape: Shape, layout: Layout): number {
    return (layout === 'lanes' ? this.groups * Kernel.lanes : this.batch) * sizeOf(shape);
  }

  tensor(shape: Shape, layout: Layout = 'rows', needsGradient = this.needsGradient, pinned = false): PlanTensor {
    return { ref: this.buffer(this.length(shape, layout), pinned), shape, layout, needsGradient };
  }

  /** A tensor like another: same shape and layout, bytes of its own. */
  like(other: PlanTensor): PlanTensor {
    return this.tensor(other.shape, other.layout, other.needsGradient);
  }

  record(output: PlanTensor, inputs: readonly PlanTensor[], backward: Step['backward']): void {
    this.steps.push({ owner: this.owner, batch: this.batch, output, inputs, backward });
  }

  /**
   * Ops of a training step that come after the optimizer's, such as an update of moving statistics. A kernel that writes a weight there leaves it
   * alone in a step that is not finite, as optimizers do.
   */
  update(emit: () => void): void {
    this.updates.push({ owner: this.owner, batch: this.batch, emit });
  }

  emitUpdates(): void {
    for (const { owner, batch, emit } of this.updates) {
      this.owner = owner;
      this.batch = batch;
      emit();
    }
  }

  /** Lays out the backward pass from the gradients of outputs. */
  backward(...ends: readonly (readonly [output: PlanTensor, gradient: PlanTensor])[]): void {
    const gradients = new Map<PlanTensor, PlanTensor>();
    const arrive = (at: PlanTensor, gradient: PlanTensor): void => {
      const earlier = gradients.get(at);
      gradients.set(at, earlier ? this.add(earlier, gradient) : gradient);
    };
    for (const end of ends) arrive(...end);
    for (const step of [...this.steps].reverse()) {
      const arriving = gradients.get(step.output);
      if (!arriving || !step.output.needsGradient) continue;
      this.owner = step.owner;
      this.batch = step.batch;
      step.backward(arriving).forEach((next, index) => {
        const input = step.inputs[index]!;
        if (next && input.needsGradient) arrive(input, next);
      });
    }
  }

  private add(a: PlanTensor, b: PlanTensor): PlanTensor {
    const out = this.like(a);
    this.combine('add', { out: out.ref, a: a.ref, b: b.ref }, this.length(a.shape, a.layout));
    return out;
  }

  /** out = a ∘ b, element by element; b is `period` long and repeats along a, by default as long. */
  combine(kind: keyof typeof Arithmetic, operands: { out: Ref; a: Ref; b: Ref }, size: number, period = size): void {
    this.op('combine', { ...operands, size, period, blockSize: ELEMENT_BLOCK, kind: Arithmetic[kind] }, blocksOf(size, ELEMENT_BLOCK));
  }

  /** y = scale · x + offset. */
  affine(y: Ref, x: Ref, size: number, scale: number, offset = 0): void {
    this.op('affine', { y, x, size, blockSize: ELEMENT_BLOCK, scale, offset }, blocksOf(size, ELEMENT_BLOCK));
  }

  /** The same values in bytes of their own, for where one of two readers may work in place. */
  copy(x: PlanTensor): PlanTensor {
    const y = this.like(x);
    this.affine(y.ref, x.ref, this.length(x.shape, x.layout), 1);
    return y;
  }

  /** y with a mask, if there is one. */
  withMask(y: PlanTensor, mask: Ref | undefined): PlanTensor {
    if (!mask) return y;
    const masked = { ...y, mask };
    this.record(masked, [y], (gradient) => [gradient]);
    return masked;
  }

  /** The same values in lanes: [time, features] samples only. */
  toLanes(x: PlanTensor): PlanTensor {
    return x.layout === 'lanes' ? x : this.relayout(x, 'lanes');
  }

  /** The same values in rows. */
  toRows(x: PlanTensor): PlanTensor {
    return x.layout === 'rows' ? x : this.relayout(x, 'rows');
  }

  private relayout(x: PlanTensor, layout: Layout): PlanTensor {
    const [time = 1, features = 1] = x.shape;
    const y: PlanTensor = { ...this.tensor(x.shape, layout, x.needsGradient), ...(x.mask && { mask: x.mask }) };
    this.moveSteps(y, x, { time, features, first: 0, count: time });
    this.record(y, [x], (dy) => {
      if (!x.needsGradient) return [];
      const dx = this.like(x);
      this.moveSteps(dx, dy, { time, features, first: 0, count: time });
      return [dx];
    });
    return y;
  }

  /** Between layouts: `count` steps from `first` on of a sequence in lanes are the whole of the rows. */
  moveSteps(to: PlanTensor, from: PlanTensor, steps: { time: number; features: number; first: number; count: number }): void {
    const sizes = { batch: this.batch, ...steps };
    if (to.layout === 'lanes') this.groupwise('toLanes', { lanes: to.ref, rows: from.ref, ...sizes });
    else this.groupwise('fromLanes', { rows: to.ref, lanes: from.ref, ...sizes });
  }
}
