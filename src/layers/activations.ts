import { LanewiseError } from '../errors.js';
import { ELEMENT_BLOCK, ROW_BLOCK, blocksOf } from '../plan/blocking.js';
import { Activation } from '../plan/ops.js';
import type { PlanTensor, Tape } from '../plan/tape.js';

export type ActivationName = 'linear' | 'relu' | 'tanh' | 'sigmoid' | 'softmax';
/** Those that a recurrent layer can apply at each step. */
export type StepActivation = 'linear' | 'relu' | 'tanh' | 'sigmoid';
export const STEP_ACTIVATIONS: readonly StepActivation[] = ['linear', 'relu', 'tanh', 'sigmoid'];

const NAMES: readonly ActivationName[] = ['linear', 'relu', 'tanh', 'sigmoid', 'softmax'];

/** @throws LanewiseError `invalid-argument` */
export function requireActivation<Name extends ActivationName>(name: Name, where: string, allowed: readonly ActivationName[] = NAMES): Name {
  if (allowed.includes(name)) return name;
  throw new LanewiseError('invalid-argument', 'unknown activation', { where, expected: allowed.join(', '), received: String(name) });
}

/** 1 where a kernel that can apply ReLU on the way shall do so. */
export const reluFlag = (activation: ActivationName): number => Number(activation === 'relu');

/**
 * Applies an activation to a freshly computed tensor, in place where a kernel has not already. ReLU is taken as done if `fused`.
 * Returns the activated tensor.
 */
export function emitActivation(tape: Tape, x: PlanTensor, name: ActivationName, fused = false): PlanTensor {
  if (name === 'linear') return x;
  if (name === 'softmax') return emitSoftmax(tape, x);
  const kind = Activation[name];
  const size = tape.length(x.shape, x.layout);
  const blocks = blocksOf(size, ELEMENT_BLOCK);
  // the same bytes: the values before the activation are not needed any more; but a loss may ask for those before a sigmoid
  const y: PlanTensor = name === 'sigmoid' ? { ...tape.like(x), probabilities: { kind: 'sigmoid', logits: x } } : unsaid(x);
  if (!fused) tape.op('activationForward', { y: y.ref, x: x.ref, size, blockSize: ELEMENT_BLOCK, kind }, blocks);
  tape.record(y, [x], (dy) => {
    tape.op('activationBackward', { dx: dy.ref, dy: dy.ref, y: y.ref, size, blockSize: ELEMENT_BLOCK, kind }, blocks);
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
