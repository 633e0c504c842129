import type { SymbolicTensor } from '../layers/layer.js';
import { Model } from './model.js';
import type { ModelOptions } from './options.js';

export interface FunctionalOptions extends ModelOptions {
  /** What `input` gave: one, or several. */
  inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What the model gives: the output of a layer. */
  outputs: SymbolicTensor;
}

/**
 * A model of layers connected in any way that has no cycle, from `input` by `layer.apply`.
 * @throws LanewiseError `invalid-argument`; `invalid-state` for layers of another model
 */
export const model = ({ inputs, outputs, ...options }: FunctionalOptions): Model => new Model([inputs].flat(), [outputs], options);
