import { requireFinite } from '../../options.js';
import { ROW_BLOCK, blocksOf } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import { allKernels, type Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';

export interface MaskingOptions extends LayerOptions {
  /** A step whose features all have this value is left out. Default 0. */
  maskValue?: number;
}

export const MASKING_OPTIONS: OptionTable<MaskingOptions> = { maskValue: orNot('number', 0) };

/** A mask of the steps of x [rows, …] that are not all `value`: [rows]. */
export function emitStepMask(tape: Tape, x: PlanTensor, rows: number, value: number): Ref {
  const mask = tape.buffer(rows);
  tape.op('stepMask', { mask, x: x.ref, rows, columns: tape.length(x.shape, 'rows') / rows, blockRows: ROW_BLOCK, value }, blocksOf(rows, ROW_BLOCK));
  return mask;
}

/** The steps of x [time, features] that count; the others become zeros. */
export function emitKeptSteps(tape: Tape, input: PlanTensor, mask: Ref): PlanTensor {
  const x = tape.toRows(input);
  const columns = x.shape[1]!;
  const rows = tape.length(x.shape, 'rows') / columns;
  const keep = (to: PlanTensor, from: PlanTensor): void =>
    tape.op('keepSteps', { y: to.ref, x: from.ref, mask, rows, columns, blockRows: ROW_BLOCK }, blocksOf(rows, ROW_BLOCK));
  const y: PlanTensor = { ...tape.tensor(x.shape), mask };
  keep(y, x);
  tape.record(y, [x], (dy) => {
    keep(dy, dy);
    return [dy];
  });
  return y;
}

class Masking extends Layer {
  readonly type = 'masking';
  readonly optionTable = MASKING_OPTIONS;
  private readonly maskValue: number;

  constructor(options: MaskingOptions) {
    super(options);
    this.maskValue = requireFinite(options.maskValue ?? 0, 'maskValue', this.name);
  }

  override get kernels(): Embedding {
    return allKernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 2) throw this.shapeError('wrong rank of input', '[time, features]', inputShape);
    return inputShape;
  }

  override describe(): string {
    return `value ${this.maskValue}`;
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    const x = tape.toRows(input);
    const columns = this.input[1]!;
    const rows = tape.length(this.input, 'rows') / columns;
    return emitKeptSteps(tape, x, emitStepMask(tape, x, rows, this.maskValue));
  }
}

/**
 * Leaves out the steps whose features all have one value: recurrent layers behind it carry their states over them, and the loss and the metrics do not
 * count them. Here they become zeros. Dense layers, activations, dropout, normalisations, `add` and `concatenate` hand the mask on; layers that give
 * another sequence or none, such as `flatten`, do not.
 *
 * Input shape: [time, features]. Output shape: the input's. No weights.
 * @throws LanewiseError `invalid-argument`
 */
export const masking = bareFactory<MaskingOptions>((options = {}) => new Masking(options));
