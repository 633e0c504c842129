import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import { input } from '../layers/input.js';
import type { FirstLayer, Layer, SymbolicTensor } from '../layers/layer.js';
import { layerConfig } from '../layers/layer-config.js';
import { nameLayers, requireUnlike } from './graph.js';
import { MODEL_FORMAT, Model, SEQUENTIAL_VERSION } from './model.js';
import type { ModelOptions } from './options.js';

/** A stack of layers, each fed by the one before. */
export class Sequential extends Model {
  /** @throws LanewiseError `invalid-argument`, `invalid-shape` */
  constructor(layers: readonly Layer[], { name = 'sequential', ...options }: ModelOptions = {}) {
    const { inputs, outputs } = chain(layers, name);
    super(inputs, outputs, { name, ...options });
  }

  toJSON(): JsonRecord {
    return { format: MODEL_FORMAT, version: SEQUENTIAL_VERSION, name: this.name, seed: this.seed, ...this.topology() };
  }

  protected topology(): JsonRecord {
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

/** A list of layers whose first one has an `inputShape`, as far as types can tell: of an array of unknown length they cannot. */
export type Stack<Layers extends readonly Layer[]> = Layers extends readonly [infer First, ...unknown[]]
  ? First extends FirstLayer ? Layers : readonly [FirstLayer, ...Layer[]]
  : Layers;

/** A model of layers in a row, the first one with an `inputShape`. @throws LanewiseError `invalid-argument`, `invalid-shape` */
export const sequential = <const Layers extends readonly Layer[]>(layers: Layers & Stack<Layers>, options?: ModelOptions): Sequential =>
  new Sequential(layers, options);
