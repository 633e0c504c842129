import { LanewiseError } from '../errors.js';
import type { Initializer } from '../initializers.js';
import { blocksOf, columnBlock } from '../plan/blocking.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanTensor } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { withMask } from './add.js';
import type { EmitContext, LayerOptions, WeightSpec } from './layer.js';
import { Layer, bareFactory } from './layer.js';
import type { Regularizer } from './regularizers.js';

export interface BatchNormalizationOptions extends LayerOptions {
  /** The axis with a mean and a variance for each place: the last one. Default -1. */
  axis?: -1;
  /** How much of the moving statistics stays at each step, from 0 to below 1. Default 0.99. */
  momentum?: number;
  /** Added to the variance. Default 0.001, as Keras. */
  epsilon?: number;
  /** Whether beta is added. Default true. */
  center?: boolean;
  /** Whether gamma multiplies. Default true. */
  scale?: boolean;
  /** Default `zeros`. */
  betaInitializer?: Initializer;
  /** Default `ones`. */
  gammaInitializer?: Initializer;
  /** Penalty on beta. Default none. */
  betaRegularizer?: Regularizer;
  /** Penalty on gamma. Default none. */
  gammaRegularizer?: Regularizer;
}

/**
 * y = gamma · (x - mean) / √(variance + epsilon) + beta (Ioffe and Szegedy, 2015). In training mean and variance are those of the batch, over all
 * axes but the last, and moving averages of them are kept; elsewhere, and where the layer is not trainable, those averages are taken.
 *
 * Output shape: the input's. Weights, [channels] each: gamma, ones; beta, zeros; movingMean, zeros, and movingVariance, ones, which are not trained.
 */
class BatchNormalization extends Layer {
  readonly type = 'batchNormalization';
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly center: boolean;
  private readonly scale: boolean;

  constructor(options: BatchNormalizationOptions) {
    super(options);
    const { axis = -1, momentum = 0.99, epsilon = 1e-3, center = true, scale = true } = options;
    this.inRange('axis', axis, axis === -1, '-1, the last axis');
    this.momentum = this.inRange('momentum', momentum, momentum >= 0 && momentum < 1, 'a number from 0 to below 1');
    this.epsilon = this.inRange('epsilon', epsilon, epsilon > 0 && Number.isFinite(Math.fround(epsilon)), 'a positive number');
    this.center = center;
    this.scale = scale;
  }

  private inRange(option: string, value: number, fits: boolean, expected: string): number {
    if (fits) return value;
    throw new LanewiseError('invalid-argument', `${option} is out of range`, { where: this.name, expected, received: String(value) });
  }

  protected outputShape(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw this.shapeError('wrong rank of input', '[…, channels]', inputShape);
    return inputShape;
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const shape = [inputShape.at(-1)!];
    return [
      ...(this.scale ? [{ name: 'gamma', shape, initializer: 'ones' } as const] : []),
      ...(this.center ? [{ name: 'beta', shape, initializer: 'zeros' } as const] : []),
      { name: 'movingMean', shape, initializer: 'zeros', trainable: false },
      { name: 'movingVariance', shape, initializer: 'ones', trainable: false },
    ];
  }

  override describe(): string {
    return [...(this.momentum === 0.99 ? [] : [`momentum ${this.momentum}`]), ...(this.scale ? [] : ['no gamma']), ...(this.center ? [] : ['no beta'])].join(', ');
  }

  emit(input: PlanTensor, { tape, parameters, trainable }: EmitContext): PlanTensor {
    const named = new Map(this.weights.map(({ name }, index) => [name, parameters[index]!]));
    const [gamma, beta] = [named.get('gamma'), named.get('beta')];
    const [movingMean, movingVariance] = [named.get('movingMean')!, named.get('movingVariance')!];
    const x = tape.toRows(input);
    const columns = this.output.at(-1)!;
    const rows = tape.length(this.output, 'rows') / columns;
    const blockRows = columnBlock(columns);
    const blocks = blocksOf(rows, blockRows);
    const ofBatch = tape.training && trainable;
    const { epsilon, momentum } = this;
    /** Mean, variance and 1 / deviation: [3][columns]. */
    const moments = tape.buffer(3 * columns);
    const momentAt = (index: number): Ref => ({ ...moments, offset: moments.offset + 4 * index * columns });

    if (ofBatch) {
      const partials = tape.buffer(4 * blocks * columns); // doubles
      tape.op('columnMoments', { partials, x: x.ref, rows, columns, blockRows }, blocks);
      tape.op('batchMoments', { moments, partials, rows, columns, count: blocks, epsilon }, 1);
      tape.update(() => {
        const sizes = { state: tape.state, size: columns, momentum };
        tape.op('movingAverage', { w: movingMean.value, value: momentAt(0), ...sizes }, 1);
        tape.op('movingAverage', { w: movingVariance.value, value: momentAt(1), ...sizes }, 1);
      });
    } else {
      tape.op('keptMoments', { moments, mean: movingMean.value, variance: movingVariance.value, columns, epsilon }, 1);
    }
    const y = withMask(tape.tensor(this.output), [input]);
    tape.op('batchNormForward', { y: y.ref, x: x.ref, moments, gamma: gamma?.value, beta: beta?.value, rows, columns, blockRows }, blocks);

    tape.record(y, [x], (dy) => {
      const means = ofBatch ? tape.buffer(2 * columns) : undefined;
      if (means) {
        const partials = tape.buffer(4 * blocks * columns);
        tape.op('columnGradients', { partials, dy: dy.ref, x: x.ref, moments, rows, columns, blockRows }, blocks);
        tape.op('batchNormSums', { dGamma: gamma?.gradient, dBeta: beta?.gradient, means, partials, rows, columns, count: blocks }, 1);
      }
      if (!x.needsGradient) return [];
      tape.op('batchNormBackward', { dx: dy.ref, dy: dy.ref, x: x.ref, moments, gamma: gamma?.value, means, rows, columns, blockRows }, blocks);
      return [{ ...dy, shape: x.shape }];
    });
    return y;
  }
}

/** Batch normalisation over the last axis. @throws LanewiseError `invalid-argument` */
export const batchNormalization = bareFactory<BatchNormalizationOptions>((options = {}) => new BatchNormalization(options));
