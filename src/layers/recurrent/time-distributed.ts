import { LanewiseError } from '../../errors.js';
import type { PlanTensor, Tape } from '../../plan/tape.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext, Flops } from '../layer.js';
import { Layer, SymbolicTensor, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { layer } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import { emitReshape } from '../reshaping/emit-reshape.js';
import { Wrapper } from '../wrapper.js';

export interface TimeDistributedOptions extends LayerOptions {
  /** What each step goes through: a new layer, without an `inputShape`. It keeps no states, and is neither an embedding nor a batch normalisation. */
  layer: Layer;
}

export const TIME_DISTRIBUTED_OPTIONS: OptionTable<TimeDistributedOptions> = { layer };

export class TimeDistributed extends Wrapper {
  readonly type = 'timeDistributed';
  readonly optionTable = TIME_DISTRIBUTED_OPTIONS;
  override readonly supportsMasking = true;

  constructor(options: TimeDistributedOptions) {
    requireInner(options.layer, options.name ?? 'timeDistributed');
    super(options, [{ name: 'layer', layer: options.layer }]);
  }

  /** What each step goes through. */
  get layer(): Layer {
    return this.parts[0]!.layer;
  }

  protected outputShape(inputShape: Shape): Shape {
    const [time, ...sample] = inputShape;
    if (sample.length === 0) throw this.shapeError('wrong rank of input', '[time, …]', inputShape);
    return [time!, ...this.layer.apply(new SymbolicTensor(sample)).shape];
  }

  override flops(): Flops {
    const [time] = this.input as [number];
    const { multiplications, additions } = super.flops();
    return { multiplications: time * multiplications, additions: time * additions };
  }

  override describe(): string {
    const detail = this.layer.describe();
    return detail === '' ? this.layer.type : `${this.layer.type}: ${detail}`;
  }

  /** [batch, time, …] lies in memory as [batch · time, …] does, so that all steps of all samples go through the layer at once. */
  emit(input: PlanTensor, context: EmitContext): PlanTensor {
    const { tape } = context;
    const { batch } = tape;
    const steps = emitReshape(tape, input, this.layer.input);
    tape.batch = batch * this.input[0]!;
    const y = unfolded(tape, this.emitPart(this.parts[0]!, steps, context), this.input[0]!);
    tape.batch = batch;
    return y;
  }
}

/** Samples of single steps as sequences, without a mask, and so the logits that they were made of. */
function unfolded(tape: Tape, steps: PlanTensor, time: number): PlanTensor {
  const x = tape.toRows(steps);
  return emitReshape(tape, x, [time, ...x.shape], x.probabilities && unfolded(tape, x.probabilities.logits, time));
}

/** @throws LanewiseError `invalid-argument`, `invalid-state`, `unsupported` */
function requireInner(given: Layer, where: string): void {
  const value: unknown = given;
  if (!(value instanceof Layer)) throw new LanewiseError('invalid-argument', 'layer is not a layer', { where, received: String(value) });
  const { type, name, inputShapeOption, placeName } = value;
  if (inputShapeOption) {
    throw new LanewiseError('invalid-argument', 'layer has an inputShape', { where, received: `${name} with [${inputShapeOption.join(', ')}]`, remedy: 'Give it to timeDistributed, with the time before it' });
  }
  if (placeName) throw new LanewiseError('invalid-state', 'a layer has one place in one model', { where, received: placeName(), remedy: 'Make a new layer' });
  const remedy = REMEDIES[type] ?? (value.statefulLayers.length > 0 ? 'Make the layer without stateful: true' : undefined);
  if (remedy) throw new LanewiseError('unsupported', 'a layer that cannot go through steps one by one', { where, received: type, remedy });
}

/** Layers that Keras takes, and that would be something else here, or that need no wrapper. */
const REMEDIES: Readonly<Partial<Record<string, string>>> = {
  batchNormalization: 'Use batchNormalization by itself: it takes its statistics over all steps',
  embedding: 'Use embedding by itself: it takes numbers of any shape',
};

/**
 * One layer for every step of a sequence, with the same weights: a convolution for each image of a film, say.
 *
 * Input shape: [time, …], where … is what the layer takes. Output shape: [time, …], of what it gives. Weights: those of the layer, `layer/kernel` and so
 * on. A mask of the steps is handed on; the layer itself sees all of them. Random numbers, such as dropout's, are others for each step.
 * @throws LanewiseError `invalid-argument`; `invalid-state` for a layer that has its place already; `unsupported` for one that keeps states, an embedding
 * or a batch normalisation
 */
export const timeDistributed = factory<TimeDistributedOptions>((options) => new TimeDistributed(options));
