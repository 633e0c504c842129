import { LanewiseError } from '../errors.js';
import { INITIALIZERS } from '../initializers.js';
import type { Layer, WeightInput, WeightSpec, WeightStore } from '../layers/layer.js';
import { Purpose, RandomStream } from '../random.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { newFloats } from '../tensor/tensor.js';
import type { Engine } from '../runtime/engine.js';

/** Floats to which the start of each weight is aligned: a cache line. */
const ALIGN_FLOATS = 16;

/** What fits into 4 GiB. */
const MAXIMUM_FLOATS = 2 ** 30;

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
  /** Undefined until they are first needed: a model that is given its weights draws none. */
  private host: Float32Array | undefined;
  private seed = 0;
  private engine: Engine | undefined;
  private address = 0;
  /** Whether the values are neither those before a step nor those after it. */
  private torn = false;
  /** Floats in the region, gaps of alignment included: they are zero and stay zero. */
  size = 0;

  add(layer: Layer): void {
    for (const spec of layer.weights) {
      this.entries.push({ layer, spec, start: this.size });
      this.size += Math.ceil(sizeOf(spec.shape) / ALIGN_FLOATS) * ALIGN_FLOATS;
      if (this.size > MAXIMUM_FLOATS) {
        throw new LanewiseError('out-of-memory', 'the weights are too large for WebAssembly memory', {
          where: `${layer.name}/${spec.name}`, expected: 'at most 4 GiB in all', received: `${formatShape(spec.shape)}, ${4 * this.size} bytes with those before`,
        });
      }
    }
  }

  /** The initial values will be a function of the seed and the weight's number. */
  initialize(seed: number): void {
    this.seed = seed;
  }

  private draw(): Float32Array {
    const values = this.blank();
    this.entries.forEach(({ spec, start }, index) => {
      values.set(INITIALIZERS[spec.initializer](spec.shape, new RandomStream(this.seed, Purpose.initialize, index)), start);
    });
    return values;
  }

  private blank(): Float32Array {
    return newFloats(this.size, 'weights');
  }

  /** Moves the values into an engine. */
  attach(engine: Engine, address: number): void {
    const values = this.region().slice();
    this.engine = engine;
    this.address = address;
    this.region().set(values);
  }

  /** Brings the values back, so that they outlive the engine. */
  detach(): void {
    this.host = this.region().slice();
    this.engine = undefined;
  }

  private region(): Float32Array {
    return this.engine ? this.engine.floats(this.address, this.size) : (this.host ??= this.draw());
  }

  private values(): Float32Array {
    this.requireWhole();
    return this.region();
  }

  /** From now on the values are refused, until all of them are set anew: an update was cut off in the middle. */
  tear(): void {
    this.torn = true;
  }

  /** @throws LanewiseError `invalid-state` */
  requireWhole(): void {
    if (!this.torn) return;
    throw new LanewiseError('invalid-state', 'the weights were lost when a thread failed in the middle of their update', {
      remedy: 'Go on from a checkpoint, or set all weights',
    });
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
    if (layer) this.requireWhole();
    else if (!this.engine) this.host ??= this.blank();
    const values = this.region();
    entries.forEach(({ start }, index) => {
      const value = given[index]!;
      values.set('data' in value ? value.data : value, start);
    });
    this.torn = false;
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

  /** Each weight's full name and shape. */
  get specs(): { name: string; shape: Shape }[] {
    return this.entries.map(({ layer, spec: { name, shape } }) => ({ name: `${layer.name}/${name}`, shape }));
  }

  /** Writes values, one for each weight and of its size, into a region of the same form. */
  write(tensors: readonly Tensor[], region: Float32Array): void {
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
