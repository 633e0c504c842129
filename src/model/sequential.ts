import { LanewiseError } from '../errors.js';
import type { Json, JsonRecord } from '../json.js';
import { input } from '../layers/input.js';
import type { Layer, SymbolicTensor } from '../layers/layer.js';
import { layerConfig } from '../layers/registry.js';
import { nameLayers, requireUnlike } from './graph.js';
import type { ModelOptions } from './model.js';
import { MODEL_FORMAT, Model, SEQUENTIAL_VERSION } from './model.js';

/** A stack of layers, each fed by the one before. */
export class Sequential extends Model {
  /** @throws LanewiseError `invalid-argument`, `invalid-shape` */
  constructor(layers: readonly Layer[], { name = 'sequential', ...options }: ModelOptions = {}) {
    const { inputs, outputs } = chain(layers, name);
    super(inputs, outputs, { name, ...options });
  }

  override toJSON(): JsonRecord {
    return { format: MODEL_FORMAT, version: SEQUENTIAL_VERSION, name: this.name, seed: this.seed, ...this.topology() };
  }

  protected override topology(): { readonly [key: string]: Json } {
    return { layers: this.layers.map(layerConfig) };
  }
}

function chain(layers: readonly Layer[], where: string): { inputs: SymbolicTensor[]; outputs: SymbolicTensor[] } {
  const [first] = layers;
  if (!first) throw new LanewiseError('invalid-argument', 'a model needs at least one layer', { where });
  if (!first.inputShapeOption) {
    throw new LanewiseError('invalid-argument', 'the first layer needs an inputShape', { where: first.name, remedy: 'Add inputShape, such as [28, 28, 1]' });
  }
  nameLayers(layers);
  requireUnlike(layers.map(({ name }) => name));
  const start = input({ shape: first.inputShapeOption });
  return { inputs: [start], outputs: [layers.reduce((tensor, layer) => layer.apply(tensor), start)] };
}

/** A model of layers in a row. @throws LanewiseError `invalid-argument`, `invalid-shape` */
export const sequential = (layers: readonly Layer[], options?: ModelOptions): Sequential => new Sequential(layers, options);
