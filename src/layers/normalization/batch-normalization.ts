import { requireRate } from '../../options.js';
import { blocksOf, columnBlock } from '../../plan/blocking.js';
import type { Ref } from '../../plan/buffer.js';
import { floatsOn } from '../../plan/buffer.js';
import type { PlanTensor } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import { RECTIFIED } from '../activations.js';
import { ActivationLayer } from '../core/activation.js';
import type { EmitContext, Layer, WeightSpec } from '../layer.js';
import { bareFactory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { NormalizationOptions } from './normalization.js';
import { NORMALIZATION_OPTIONS, Normalization } from './normalization.js';

export interface BatchNormalizationOptions extends NormalizationOptions {
  /** How much of the moving statistics stays at each step, from 0 to below 1. Default 0.99. */
  momentum?: number;
}

export const BATCH_NORMALIZATION_OPTIONS: OptionTable<BatchNormalizationOptions> = { momentum: orNot('number', 0.99), ...NORMALIZATION_OPTIONS };

class BatchNormalization extends Normalization {
  readonly type = 'batchNormalization';
  readonly optionTable = BATCH_NORMALIZATION_OPTIONS;
  private readonly momentum: number;

  constructor(options: BatchNormalizationOptions) {
    super(options);
    this.momentum = requireRate(options.momentum ?? 0.99, 'momentum', this.name);
  }

  protected override weightSpecs(inputShape: Shape): readonly WeightSpec[] {
    const shape = [inputShape.at(-1)!];
    return [
      ...super.weightSpecs(inputShape),
      { name: 'movingMean', shape, initializer: 'zeros', trainable: false },
      { name: 'movingVariance', shape, initializer: 'ones', trainable: false },
    ];
  }

  protected override describeMore(): readonly string[] {
    return this.momentum === 0.99 ? [] : [`momentum ${this.momentum}`];
  }

  emit(input: PlanTensor, context: EmitContext): PlanTensor {
    return this.layOut(input, context, false);
  }

  /** With the ReLU that follows: one pass over the values less, forward and backward, and no map between the two. */
  override emitWith(next: Layer, input: PlanTensor, context: EmitContext): PlanTensor | undefined {
    return next instanceof ActivationLayer && next.activation === 'relu' ? this.layOut(input, context, true) : undefined;
  }

  private layOut(input: PlanTensor, { tape, parameters, trainable }: EmitContext, withRelu: boolean): PlanTensor {
    const relu = Number(withRelu);
    const [gamma, beta] = [this.parameter(parameters, 'gamma'), this.parameter(parameters, 'beta')];
    const [movingMean, movingVariance] = [this.parameter(parameters, 'movingMean')!, this.parameter(parameters, 'movingVariance')!];
    const x = tape.toRows(input);
    const columns = this.output.at(-1)!;
    const rows = tape.length(this.output, 'rows') / columns;
    const blockRows = columnBlock(columns);
    const blocks = blocksOf(rows, blockRows);
    const ofBatch = tape.training && trainable;
    const { epsilon, momentum } = this;
    /** Mean, variance and 1 / deviation: [3][columns]. */
    const moments = tape.buffer(3 * columns);
    const momentAt = (index: number): Ref => floatsOn(moments, index * columns);

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
    const y: PlanTensor = { ...tape.tensor(this.output), ...(withRelu && RECTIFIED) };
    tape.op('batchNormForward', { y: y.ref, x: x.ref, moments, gamma: gamma?.value, beta: beta?.value, rows, columns, blockRows, relu }, blocks, 8 * columns);

    tape.record(y, [x], (dy) => {
      const means = ofBatch ? tape.buffer(2 * columns) : undefined;
      if (means) {
        const partials = tape.buffer(4 * blocks * columns);
        tape.op('columnGradients', { partials, dy: dy.ref, x: x.ref, moments, gamma: gamma?.value, beta: beta?.value, rows, columns, blockRows, relu }, blocks, 8 * columns);
        tape.op('batchNormSums', { dGamma: gamma?.gradient, dBeta: beta?.gradient, means, partials, rows, columns, count: blocks }, 1);
      }
      if (!x.needsGradient) return [];
      tape.op(
        'batchNormBackward',
        { dx: dy.ref, dy: dy.ref, x: x.ref, moments, gamma: gamma?.value, beta: beta?.value, means, rows, columns, blockRows, relu }, blocks, 12 * columns,
      );
      return [{ ...dy, shape: x.shape }];
    });
    return y;
  }
}

/**
 * y = gamma · (x - mean) / √(variance + epsilon) + beta (Ioffe and Szegedy, 2015). In training mean and variance are those of the batch, over all
 * axes but the last, and moving averages of them are kept; elsewhere, and where the layer is not trainable, those averages are taken.
 *
 * Output shape: the input's. Weights, [channels] each: gamma, ones; beta, zeros; movingMean, zeros, and movingVariance, ones, which are not trained.
 * @throws LanewiseError `invalid-argument`; `unsupported` for an axis other than the last
 */
export const batchNormalization = bareFactory<BatchNormalizationOptions>((options = {}) => new BatchNormalization(options));
