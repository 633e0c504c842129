import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, ROW_BLOCK, blocksOf } from '../plan/blocking.js';
import { Activation } from '../plan/ops.js';
import type { PlanTensor, Tape } from '../plan/tape.js';

/**
 * Activations by name, as Keras has them: `leakyRelu` has slope 0.2 below zero, `elu` has alpha 1, `gelu` is exact, `geluTanh` is its
 * approximation by tanh, `silu` is x · sigmoid(x) (also called swish), `hardSigmoid` is x/6 + ½ between 0 and 1, `softmax` runs over the last axis.
 * `hardSigmoidTfjs` is 0.2·x + ½ between 0 and 1: what TensorFlow.js, and Keras before version 3, call hard sigmoid.
 */
export type ActivationName =
  | 'linear' | 'relu' | 'leakyRelu' | 'elu' | 'gelu' | 'geluTanh' | 'silu' | 'softplus' | 'tanh' | 'sigmoid' | 'hardSigmoid' | 'hardSigmoidTfjs' | 'softmax';
/** Those that a recurrent layer can apply at each step. */
export type StepActivation = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'hardSigmoid' | 'hardSigmoidTfjs';
export const STEP_ACTIVATIONS: readonly StepActivation[] = ['linear', 'relu', 'tanh', 'sigmoid', 'hardSigmoid', 'hardSigmoidTfjs'];

const NAMES: readonly ActivationName[] = [...(Object.keys(Activation) as (keyof typeof Activation)[]), 'softmax'];
/** The number that some take, where a name says all. */
const ALPHA: Partial<Record<ActivationName, number>> = { leakyRelu: 0.2, elu: 1 };
/** Their slope is computed from their input, not from their output. */
const NEEDS_INPUT: readonly ActivationName[] = ['gelu', 'geluTanh', 'silu'];

/** @throws LanewiseError `invalid-argument` */
export function requireActivation<Name extends ActivationName>(name: Name, where: string, allowed: readonly ActivationName[] = NAMES): Name {
  if (allowed.includes(name)) return name;
  throw new LanewiseError('invalid-argument', 'unknown activation', { where, expected: allowed.join(', '), received: String(name) });
}

/** 1 where a kernel that can apply ReLU on the way shall do so. */
export const reluFlag = (activation: ActivationName): number => Number(activation === 'relu');

/** What is likely of values that come out of ReLU. */
export const RECTIFIED = { density: 0.5 } as const;

interface ActivationWays {
  /** Whether the kernel before has applied it already. Default false. */
  fused?: boolean;
  /** Whether the input's bytes may be taken for the output (default): nobody else reads them. */
  inPlace?: boolean;
  /** The slope below zero of `leakyRelu`, the alpha of `elu`. Default: that of the name alone. */
  alpha?: number;
}

/** Lays out an activation, in place where its gradient does not need the input. Returns the activated tensor. */
export function emitActivation(tape: Tape, x: PlanTensor, name: ActivationName, ways: ActivationWays = {}): PlanTensor {
  if (name === 'linear') return x;
  if (name === 'softmax') return emitSoftmax(tape, x);
  const { fused = false, inPlace = true, alpha = ALPHA[name] ?? 0 } = ways;
  const keepsInput = tape.training && NEEDS_INPUT.includes(name);
  const size = tape.length(x.shape, x.layout);
  const blocks = blocksOf(size, ELEMENT_BLOCK);
  const sizes = { size, blockSize: ELEMENT_BLOCK, kind: Activation[name], alpha };
  // in place where the values before are not needed any more; but a loss may ask for those before a sigmoid
  const isSigmoid = name === 'sigmoid';
  const y: PlanTensor = {
    ...(inPlace && !keepsInput && !isSigmoid ? unsaid(x) : tape.like(x)),
    ...(isSigmoid && { probabilities: { kind: 'sigmoid', logits: x } }), ...(name === 'relu' && RECTIFIED),
  };
  if (!fused) tape.op('activationForward', { y: y.ref, x: x.ref, ...sizes }, blocks);
  const z = keepsInput ? x : y;
  tape.record(y, [x], (dy) => {
    tape.op('activationBackward', { dx: dy.ref, dy: dy.ref, z: z.ref, ...sizes }, blocks);
    return [dy];
  });
  return y;
}

/** The same bytes with nothing said of where they come from. */
const unsaid = ({ ref, shape, layout, needsGradient, mask }: PlanTensor): PlanTensor => ({ ref, shape, layout, needsGradient, ...(mask && { mask }) });

/** Softmax over the last axis. */
function emitSoftmax(tape: Tape, input: PlanTensor): PlanTensor {
  const x = tape.toRows(input);
  const columns = x.shape.at(-1) ?? 1;
  const sizes = { rows: tape.length(x.shape, 'rows') / columns, columns, blockRows: ROW_BLOCK };
  const blocks = blocksOf(sizes.rows, ROW_BLOCK);
  const y: PlanTensor = { ...tape.like(x), probabilities: { kind: 'softmax', logits: x } };
  tape.op('softmaxForward', { y: y.ref, x: x.ref, ...sizes }, blocks, 4 * (columns + 4));
  tape.record(y, [x], (dy) => {
    const dx = tape.like(x);
    tape.op('softmaxBackward', { dx: dx.ref, dy: dy.ref, y: y.ref, ...sizes }, blocks);
    return [dx];
  });
  return y;
}
