import { LanewiseError } from '../../errors.js';
import { requireCount } from '../../options.js';
import type { PlanTensor } from '../../plan/tape.js';
import { allKernels, type Embedding } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext } from '../layer.js';
import { Layer, bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';

type Pair = readonly [number, number];
/** Zeros at each side of an image: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]. */
export type Padding2d = number | readonly [number, number] | readonly [readonly [number, number], readonly [number, number]];

export interface ZeroPadding2dOptions extends LayerOptions {
  /** Rows and columns of zeros: a number for all sides, [rows, columns], or [[top, bottom], [left, right]]. Default 1. */
  padding?: Padding2d;
}

export const ZERO_PADDING2D_OPTIONS: OptionTable<ZeroPadding2dOptions> = { padding: orNot('padding2d', 1) };

class ZeroPadding2d extends Layer {
  readonly type = 'zeroPadding2d';
  readonly optionTable = ZERO_PADDING2D_OPTIONS;
  private readonly padding: readonly [Pair, Pair];

  constructor(options: ZeroPadding2dOptions) {
    super(options);
    this.padding = padding2d(options.padding ?? 1, this.name);
  }

  override get kernels(): Embedding {
    return allKernels;
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length !== 3) throw this.shapeError('wrong rank of input', '[height, width, channels]', inputShape);
    const [[top, bottom], [left, right]] = this.padding;
    const [height, width, channels] = inputShape as [number, number, number];
    return [top + height + bottom, left + width + right, channels];
  }

  override describe(): string {
    const [rows, columns] = this.padding.map(([before, after]) => (before === after ? `${before}` : `${before}+${after}`));
    return `${rows}×${columns}`;
  }

  emit(input: PlanTensor, { tape }: EmitContext): PlanTensor {
    const x = tape.toRows(input);
    const y = tape.tensor(this.output, 'rows', x.needsGradient);
    const [[top], [left]] = this.padding;
    /** The image moved by so many rows and columns; the way back cuts the zeros off. */
    const move = (to: PlanTensor, from: PlanTensor, rows: number, columns: number): PlanTensor => {
      const [outH, outW, channels] = to.shape as [number, number, number];
      const [inH, inW] = from.shape as [number, number, number];
      tape.op('padImage', { y: to.ref, x: from.ref, inH, inW, outH, outW, channels, top: rows, left: columns }, tape.batch);
      return to;
    };
    tape.record(y, [x], (dy) => [x.needsGradient ? move(tape.like(x), dy, -top, -left) : undefined]);
    return move(y, x, top, left);
  }
}

/** The padding of each side: [[top, bottom], [left, right]]. @throws LanewiseError `invalid-argument` */
export function padding2d(padding: Padding2d, where: string): readonly [Pair, Pair] {
  const axes: unknown = typeof padding === 'number' ? [padding, padding] : padding;
  const sides = Array.isArray(axes) ? axes.map((axis: unknown): unknown => (typeof axis === 'number' ? [axis, axis] : axis)) : [];
  const isPair = (axis: unknown): axis is Pair => Array.isArray(axis) && axis.length === 2;
  const [rows, columns] = sides;
  if (sides.length !== 2 || !isPair(rows) || !isPair(columns)) {
    throw new LanewiseError('invalid-argument', 'padding is not one', {
      where, expected: 'a number, [rows, columns] or [[top, bottom], [left, right]]', received: JSON.stringify(padding) ?? String(padding),
    });
  }
  [...rows, ...columns].forEach((size) => requireCount(size, 'padding', where));
  return [[...rows], [...columns]];
}

/**
 * Zeros around an image. Input shape: [height, width, channels]. Output shape: [top + height + bottom, left + width + right, channels].
 * @throws LanewiseError `invalid-argument`
 */
export const zeroPadding2d = bareFactory<ZeroPadding2dOptions>((options = {}) => new ZeroPadding2d(options));
