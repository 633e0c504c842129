import { isFiniteStep } from "../optimizer/step";

/**
 * Op: the last step of a sequence becomes what the next batch starts from. kept: [groups][features][4]; steps: lanes [groups][time][features][4]. A
 * training step that is not finite leaves it alone, as it does the weights. A block is a group.
 */
export function keepState(block: i32, scratch: usize, kept: usize, steps: usize, state: usize, time: i32, features: i32, training: i32): void {
  if (training != 0 && !isFiniteStep(state)) return;
  const row = (<usize>features) << 4;
  memory.copy(kept + <usize>block * row, steps + (<usize>(block + 1) * <usize>time - 1) * row, row);
}
