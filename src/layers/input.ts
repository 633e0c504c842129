import { SymbolicTensor, requireSizes } from './layer.js';

export interface InputOptions {
  /** Shape of one sample, without the batch. */
  shape: readonly number[];
  /** Default: `input` and its number in the model. */
  name?: string;
}

/** An input of a model, from which layers are applied. @throws LanewiseError `invalid-argument` */
export function input({ shape, name }: InputOptions): SymbolicTensor {
  requireSizes(shape, name ?? 'input');
  return new SymbolicTensor([...shape], undefined, [], name);
}
