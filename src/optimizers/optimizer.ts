import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import { said } from '../json.js';
import { requireNotNegative, requireOption, requirePositive, requirePositiveInteger } from '../options.js';
import { ELEMENT_BLOCK, blocksOf } from '../plan/blocking.js';
import type { PlanBuilder } from '../plan/builder.js';
import type { Ref } from '../plan/buffer.js';
import { floatsOn, PlanBuffer, refTo } from '../plan/buffer.js';
import type { Embedding } from '../runtime/embedded.js';
import type { Shape } from '../tensor/shape.js';
import type { LearningRate } from './learning-rate.js';
import { rateAt, rateConfig } from './learning-rate.js';

/** A flat range of parameters that are updated together. */
export interface ParameterRange {
  w: Ref;
  g: Ref;
  /** One address for each of the optimizer's slots. */
  slots: readonly Ref[];
  size: number;
  /** The single weights in it; only rules that tell them apart look at them, and clipping by the norm of each. */
  parts?: readonly ParameterPart[];
}

/** One weight in a range. */
export interface ParameterPart {
  /** Floats from the range's start. */
  start: number;
  size: number;
  shape: Shape;
  /** Whether it may be taken for a matrix (see WeightSpec). */
  matrix: boolean;
  /** Its layer's name and its own, such as `dense_1/kernel`. */
  path: string;
}

/** The numbers of one step that the kernels read from the state. */
export interface StepNumbers {
  /** Corrections included. */
  learningRate: number;
  /** Without them. */
  plainRate: number;
  /** Rate times weight decay. */
  weightDecay: number;
  /** How far the moving average goes towards the weights. */
  averageGain: number;
  /** Whether the gradients of this step are only kept. */
  held: boolean;
}

export interface Optimizer {
  readonly name: string;
  /** Names of the numbers kept for each weight, such as Adam's two moments. */
  readonly slots: readonly string[];
  /** What a slot holds at the start, if that is not 0. */
  readonly slotStart?: Readonly<Record<string, number>>;
  /** Where the kernels of its ops are, `allKernels`, if they are not in the core. @internal */
  readonly kernels?: Embedding;
  /** The rate the kernel is given at a step (counted from 0), corrections included. */
  rateAt(step: number): number;
  /** The numbers of a step. `adjust`: what is made of the rate before its corrections. @internal */
  numbersAt(step: number, adjust?: (rate: number) => number): StepNumbers;
  /** How often weights have moved after so many steps. */
  moves(stepsDone: number): number;
  /** Lays out the update. @internal */
  emit(plan: PlanBuilder, range: ParameterRange, state: Ref): void;
  /** In short, for summaries. */
  describe(): string;
  /** What tells this optimizer from others, as far as it shows after so many steps. */
  config(stepsDone: number): JsonRecord;
}

/** What every optimizer takes. At most one of the three ways of clipping may be given. */
export interface OptimizerOptions {
  learningRate?: LearningRate;
  /** In each step weights lose this share of themselves, times the rate, before the gradient moves them. Default none. */
  weightDecay?: number;
  /** Scales the gradient of each weight so that its norm is at most this. */
  clipnorm?: number;
  /** Scales all gradients so that their common norm is at most this. */
  globalClipnorm?: number;
  /** Keeps each number of the gradients within ± this. */
  clipvalue?: number;
  /**
   * Weights move in every so-manyth step only, by the mean of the gradients since; schedules and moments count these moves. Default: in every step.
   */
  gradientAccumulationSteps?: number;
  /**
   * Whether a moving average of the weights is kept. Validation is with the average, and at the end of `fit` it takes the weights' place, as in
   * Keras. Default false.
   */
  useEma?: boolean;
  /** What is kept of the average in a move. Default 0.99. */
  emaMomentum?: number;
}

/** Of the arguments of a rule's op those that are the same for all. */
export interface RuleArguments {
  w: Ref;
  g: Ref;
  average: Ref | undefined;
  state: Ref;
  size: number;
  blockSize: number;
  clipvalue: number;
}

/** What is particular to one optimizer. */
export interface Rule {
  readonly name: string;
  readonly slots: readonly string[];
  readonly slotStart?: Readonly<Record<string, number>>;
  readonly kernels?: Embedding;
  /** The rate's corrections, from the number of moves before this one. Default none. */
  correct?(rate: number, move: number): number;
  emit(plan: PlanBuilder, args: RuleArguments, slots: readonly (Ref | undefined)[], blocks: number, parts: readonly ParameterPart[]): void;
  /** Its options. */
  readonly config: JsonRecord;
  describe(learningRate: LearningRate): string;
}

/** Names of the slots that rules do not know of. */
export const AVERAGE_SLOT = 'average';
const SUM_SLOT = 'gradients';

/** An optimizer of a rule and the options common to all. @throws LanewiseError `invalid-argument` */
export function optimizerOf(rule: Rule, learningRate: LearningRate, options: OptimizerOptions): Optimizer {
  const { weightDecay, clipnorm, globalClipnorm, clipvalue, gradientAccumulationSteps = 1, useEma = false, emaMomentum = 0.99 } = options;
  const { name } = rule;
  rateAt(learningRate, 0);
  if (weightDecay !== undefined) requireNotNegative(weightDecay, 'weightDecay', name);
  for (const [option, value] of Object.entries({ clipnorm, globalClipnorm, clipvalue })) {
    if (value !== undefined) requirePositive(value, option, name);
  }
  if ([clipnorm, globalClipnorm, clipvalue].filter((value) => value !== undefined).length > 1) {
    throw new LanewiseError('invalid-argument', 'more than one way of clipping', { where: name, expected: 'one of clipnorm, globalClipnorm and clipvalue' });
  }
  const steps = requirePositiveInteger(gradientAccumulationSteps, 'gradientAccumulationSteps', name);
  requireOption(emaMomentum, 'emaMomentum', name, emaMomentum >= 0 && emaMomentum <= 1, 'a number from 0 to 1');
  const moveOf = (step: number): number => Math.floor(step / steps);
  const corrected = (rate: number, step: number): number => (rule.correct ? rule.correct(rate, moveOf(step)) : rate);
  const plainRate = (step: number): number => rateAt(learningRate, moveOf(step));
  const extra = [...(useEma ? [AVERAGE_SLOT] : []), ...(steps > 1 ? [SUM_SLOT] : [])];
  return {
    name,
    slots: [...rule.slots, ...extra],
    ...(rule.slotStart && { slotStart: rule.slotStart }),
    ...(rule.kernels && { kernels: rule.kernels }),
    rateAt: (step) => corrected(plainRate(step), step),
    moves: moveOf,
    numbersAt(step, adjust = (rate) => rate) {
      const rate = adjust(plainRate(step));
      return {
        learningRate: corrected(rate, step), plainRate: rate, weightDecay: rate * (weightDecay ?? 0),
        averageGain: moveOf(step) === 0 ? 1 : 1 - emaMomentum, // the first average is the weights
        held: (step + 1) % steps !== 0,
      };
    },
    emit(plan, range, state) {
      const { w, g, size } = range;
      const slot = (wanted: string): Ref | undefined => range.slots[[...rule.slots, ...extra].indexOf(wanted)];
      const elements = { size, blockSize: ELEMENT_BLOCK };
      const blocks = blocksOf(size, ELEMENT_BLOCK);
      const sum = slot(SUM_SLOT);
      if (sum) plan.op('averageGradients', { g, sum, state, ...elements, share: 1 / steps }, blocks);
      if (clipnorm !== undefined) for (const part of range.parts ?? [{ start: 0, size }]) emitClipByNorm(plan, g, part, state, clipnorm);
      emitGradientNorm(plan, range, state, globalClipnorm);
      const args = { w, g, average: slot(AVERAGE_SLOT), state, ...elements, clipvalue: clipvalue ?? Infinity };
      rule.emit(plan, args, rule.slots.map(slot), blocks, range.parts ?? []);
      if (sum) plan.op('keepGradients', { sum, g, state, ...elements }, blocks);
    },
    describe: () => rule.describe(learningRate),
    config: (stepsDone) => ({
      name, learningRate: rateConfig(learningRate, Math.ceil(stepsDone / steps)), ...rule.config, globalClipnorm: globalClipnorm ?? null,
      ...said({
        weightDecay: weightDecay || undefined, clipnorm, clipvalue, gradientAccumulationSteps: steps > 1 ? steps : undefined,
        emaMomentum: useEma ? emaMomentum : undefined,
      }),
    }),
  };
}

/**
 * Ops that take the global norm of the gradients: where it is not finite the update is skipped, and where it is above `maxNorm` the state's
 * gradient scale lowers it to that.
 */
function emitGradientNorm(plan: PlanBuilder, { g, size }: ParameterRange, state: Ref, maxNorm = Infinity): void {
  const blocks = blocksOf(size, ELEMENT_BLOCK);
  const partials = refTo(new PlanBuffer(8 * blocks));
  plan.op('sumOfSquares', { partials, x: g, size, blockSize: ELEMENT_BLOCK }, blocks);
  plan.op('clipByGlobalNorm', { state, partials, count: blocks, maxNorm }, 1);
}

function emitClipByNorm(plan: PlanBuilder, gradients: Ref, { start, size }: { start: number; size: number }, state: Ref, maxNorm: number): void {
  const count = blocksOf(size, ELEMENT_BLOCK);
  const partials = refTo(new PlanBuffer(8 * count));
  const g = floatsOn(gradients, start);
  const elements = { size, blockSize: ELEMENT_BLOCK };
  plan.op('sumOfSquares', { partials, x: g, ...elements }, count);
  plan.op('clipByNorm', { g, partials, state, ...elements, count, maxNorm }, count);
}

/** A defect of ours if it is not there. */
export function slotOf(slots: readonly (Ref | undefined)[], index: number): Ref {
  const slot = slots[index];
  if (!slot) throw new Error('the optimizer lacks a slot');
  return slot;
}
