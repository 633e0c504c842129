import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanTensor } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { sizeOf } from '../tensor/shape.js';
import { emitBiasGradient } from './bias.js';
import type { EmitContext, LayerOptions, WeightSpec } from './layer.js';
import { Layer, bareFactory } from './layer.js';

export interface LayerNormalizationOptions extends LayerOptions {
  /** The axis that is normalized: the last, -1, which is the default. No other is supported. */
  axis?: number;
  /** Added to the variance. Default 1e-3. */
  epsilon?: number;
  /** Whether beta is added. Default true. */
  center?: boolean;
  /** Whether the result is multiplied with gamma. Default true. */
  scale?: boolean;
}

/**
 * y = gamma · (x - mean) / √(variance + epsilon) + beta, with mean and biased variance over the last axis of each sample (Ba et al. 2016,
 * arXiv 1607.06450; defaults as Keras). Output shape: the input's. Weights: gamma and beta, both [features], from ones and zeros.
 */
class LayerNormalization extends Layer {
  readonly type = 'layerNormalization';
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;

  constructor(options: LayerNormalizationOptions) {
    super(options);
    const { axis = -1, epsilon = 1e-3, center = true, scale = true } = options;
    if (axis !== -1) {
      throw new LanewiseError('unsupported', 'layerNormalization is over the last axis only', { where: this.name, expected: 'axis -1', received: String(axis) });
    }
    if (!(epsilon > 0 && Number.isFinite(epsilon))) {
      throw new LanewiseError('invalid-argument', 'epsilon is not a positive number', { where: this.name, received: String(epsilon) });
    }
    this.epsilon = epsilon;
    this.center = center;
    this.scale = scale;
  }

  protected outputShape(inputShape: Shape): Shape {
    return inputShape;
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const shape = [inputShape.at(-1)!];
    return [
      ...(this.scale ? [{ name: 'gamma', shape, initializer: 'ones' } as const] : []),
      ...(this.center ? [{ name: 'beta', shape, initializer: 'zeros' } as const] : []),
    ];
  }

  emit(input: PlanTensor, { tape, parameters }: EmitContext): PlanTensor {
    const gamma = this.scale ? parameters[0] : undefined;
    const beta = this.center ? parameters.at(-1) : undefined;
    const x = tape.toRows(input);
    const columns = this.input.at(-1)!;
    const rows = (tape.batch * sizeOf(this.input)) / columns;
    const blockRows = Math.max(1, Math.floor(ELEMENT_BLOCK / columns));
    const sizes = { rows, columns, blockRows };
    const blocks = blocksOf(rows, blockRows);
    const y = tape.tensor(this.output);
    const statistics = tape.buffer(2 * rows); // [rows][mean, 1 / σ]
    tape.op(
      'layerNormForward', { y: y.ref, statistics, x: x.ref, gamma: gamma?.value, beta: beta?.value, ...sizes, epsilon: this.epsilon }, blocks,
    );
    tape.record(y, [x], (dy) => {
      if (gamma?.gradient) {
        const partialRows = Math.ceil(rows / 32);
        const count = blocksOf(rows, partialRows);
        const partials = tape.buffer(count * columns);
        tape.op('layerNormBackwardGamma', { partials, dy: dy.ref, x: x.ref, statistics, rows, columns, blockRows: partialRows }, count);
        tape.op(
          'reducePartials', { out: gamma.gradient, partials, size: columns, count, stride: columns, blockSize: ELEMENT_BLOCK },
          blocksOf(columns, ELEMENT_BLOCK),
        );
      }
      if (beta) emitBiasGradient(tape, beta, dy, rows, columns);
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      tape.op('layerNormBackwardInput', { dx: dx.ref, dy: dy.ref, x: x.ref, statistics, gamma: gamma?.value, ...sizes }, blocks);
      return [dx];
    });
    return y;
  }
}

/** Layer normalization. @throws LanewiseError `invalid-argument`; `unsupported` for an axis other than the last */
export const layerNormalization = bareFactory<LayerNormalizationOptions>((options = {}) => new LayerNormalization(options));
