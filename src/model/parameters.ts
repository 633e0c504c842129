import { LanewiseError } from '../errors.js';
import { INITIALIZERS } from '../initializers.js';
import type { Layer, WeightInput, WeightSpec, WeightStore } from '../layers/layer.js';
import { Purpose, RandomStream } from '../random.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../runtime/engine.js';

/** Floats to which the start of each weight is aligned: a cache line. */
const ALIGN_FLOATS = 16;

interface Entry {
  layer: Layer;
  spec: WeightSpec;
  /** Floats from the start of the region. */
  start: number;
}

/**
 * The weights of a model, one after the other in one region. Before `compile` they live in JavaScript, after it in the engine's memory, with
 * regions of the same form for gradients and the optimizer's slots.
 */
export class Parameters implements WeightStore {
  private readonly entries: Entry[] = [];
  private host: Float32Array = new Float32Array(0);
  private engine: Engine | undefined;
  private address = 0;
  /** Floats in the region, gaps of alignment included: they are zero and stay zero. */
  size = 0;

  add(layer: Layer): void {
    for (const spec of layer.weights) {
      this.entries.push({ layer, spec, start: this.size });
      this.size += Math.ceil(sizeOf(spec.shape) / ALIGN_FLOATS) * ALIGN_FLOATS;
    }
  }

  /** Draws initial values: a function of the seed and the weight's number. */
  initialize(seed: number): void {
    this.host = new Float32Array(this.size);
    this.entries.forEach(({ spec, start }, index) => {
      this.host.set(INITIALIZERS[spec.initializer](spec.shape, new RandomStream(seed, Purpose.initialize, index)), start);
    });
  }

  /** Moves the values into an engine. */
  attach(engine: Engine, address: number): void {
    const values = this.values().slice();
    this.engine = engine;
    this.address = address;
    this.values().set(values);
  }

  /** Brings the values back, so that they outlive the engine. */
  detach(): void {
    this.host = this.values().slice();
    this.engine = undefined;
  }

  private values(): Float32Array {
    return this.engine ? this.engine.floats(this.address, this.size) : this.host;
  }

  /** For each weight of a layer, floats from the start of the region. */
  startsOf(layer: Layer): number[] {
    return this.entries.filter((entry) => entry.layer === layer).map(({ start }) => start);
  }

  /** Weights as they are counted in summaries, without gaps. */
  get count(): number {
    return this.entries.reduce((sum, { spec }) => sum + sizeOf(spec.shape), 0);
  }

  get(layer?: Layer): Tensor<Float32Array>[] {
    const values = this.values();
    return this.select(layer).map(({ spec, start }) => ({ data: values.slice(start, start + sizeOf(spec.shape)), shape: spec.shape }));
  }

  set(layer: Layer | undefined, given: readonly WeightInput[]): void {
    const entries = this.select(layer);
    if (given.length !== entries.length) {
      throw new LanewiseError('invalid-shape', 'wrong number of weights', {
        where: layer?.name ?? 'setWeights', expected: `${entries.length}`, received: `${given.length}`,
      });
    }
    entries.forEach(({ layer: { name }, spec }, index) => checkWeight(given[index]!, spec, `${name}/${spec.name}`));
    const values = this.values();
    entries.forEach(({ start }, index) => {
      const value = given[index]!;
      values.set('data' in value ? value.data : value, start);
    });
  }

  private select(layer: Layer | undefined): Entry[] {
    return layer ? this.entries.filter((entry) => entry.layer === layer) : this.entries;
  }

  /** Each weight's full name, such as `conv2d_1/kernel`, with its values, or those of another region of the same form. */
  named(region = this.values()): { name: string; tensor: Tensor<Float32Array> }[] {
    return this.entries.map(({ layer, spec, start }) => ({
      name: `${layer.name}/${spec.name}`, tensor: { data: region.slice(start, start + sizeOf(spec.shape)), shape: spec.shape },
    }));
  }

  /** Writes values, one for each weight and of its size, into the weights or another region of the same form. */
  write(tensors: readonly Tensor[], region = this.values()): void {
    this.entries.forEach(({ start }, index) => region.set(tensors[index]!.data, start));
  }
}

function checkWeight(value: WeightInput, { shape }: WeightSpec, where: string): void {
  const fits = 'data' in value ? sameShape(value.shape, shape) && value.data.length === sizeOf(shape) : value.length === sizeOf(shape);
  if (fits) return;
  throw new LanewiseError('invalid-shape', 'a weight has the wrong shape', {
    where, expected: formatShape(shape), received: 'data' in value ? formatShape(value.shape) : `${value.length} values`,
  });
}
