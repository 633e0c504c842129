import { LanewiseError } from '../errors.js';
import { initialize } from '../initializers.js';
import type { Layer, WeightInput, WeightSpec, WeightStore } from '../layers/layer.js';
import { Purpose, RandomStream } from '../random.js';
import type { ParameterPart } from '../optimizers/optimizer.js';
import type { Engine } from '../runtime/engine.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { newFloats } from '../tensor/tensor.js';

/** Floats to which the start of each weight is aligned: a cache line. */
const ALIGN_FLOATS = 16;

/** What fits into 4 GiB. */
const MAXIMUM_FLOATS = 2 ** 30;

interface Entry {
  layer: Layer;
  spec: WeightSpec;
}

/** Where each weight lies in a region. Those that are trained come first, so that the optimizer goes over one range. */
export class Layout {
  /** For each entry, floats from the start of the region. */
  readonly starts: readonly number[];
  /** Floats of the weights that are trained, gaps of alignment included: they are zero and stay zero. */
  readonly trainableSize: number;
  /** Floats of all. */
  readonly size: number;

  constructor(
    readonly entries: readonly Entry[],
    /** For each entry, whether it is trained. */
    readonly trainable: readonly boolean[],
  ) {
    const starts = new Array<number>(entries.length).fill(0);
    let size = 0;
    const place = (wanted: boolean): void => entries.forEach(({ spec: { shape } }, index) => {
      if (trainable[index] !== wanted) return;
      starts[index] = size;
      size += alignedSize(shape);
    });
    place(true);
    this.trainableSize = size;
    place(false);
    this.size = size;
    this.starts = starts;
  }

  /** The weights that are trained. */
  get trainedParts(): ParameterPart[] {
    return this.entries.flatMap(({ layer, spec: { name, shape, matrix = true } }, index) =>
      (this.trainable[index] ? [{ start: this.starts[index]!, size: sizeOf(shape), shape, matrix, path: `${layer.name}/${name}` }] : []));
  }

  /** For each weight of a layer, floats from the start of the region, and whether it is trained. */
  of(layer: Layer): { start: number; trainable: boolean }[] {
    return this.entries.flatMap((entry, index) => (entry.layer === layer ? [{ start: this.starts[index]!, trainable: this.trainable[index]! }] : []));
  }
}

const alignedSize = (shape: Shape): number => Math.ceil(sizeOf(shape) / ALIGN_FLOATS) * ALIGN_FLOATS;

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
  /** Grows with every change of the values. */
  version = 0;
  /** Where the values lie now. */
  private layout = new Layout([], []);

  add(layer: Layer): void {
    for (const spec of layer.weights) {
      this.entries.push({ layer, spec });
      this.layout = this.nextLayout();
      const { size } = this.layout;
      if (size > MAXIMUM_FLOATS) {
        throw new LanewiseError('out-of-memory', 'the weights are too large for WebAssembly memory', {
          where: `${layer.name}/${spec.name}`, expected: 'at most 4 GiB in all', received: `${formatShape(spec.shape)}, ${4 * size} bytes with those before`,
        });
      }
    }
  }

  /** The layout that suits what is trainable now. */
  nextLayout(): Layout {
    return new Layout([...this.entries], this.entries.map(({ layer, spec }) => layer.trainable && (spec.trainable ?? true)));
  }

  /** The initial values will be a function of the seed and the weight's number. */
  initialize(seed: number): void {
    this.seed = seed;
  }

  /** Draws the initial values into the region of an engine that is to be attached, unless there are values already. */
  drawInto(region: Float32Array, layout: Layout): void {
    if (!this.engine && !this.host) this.draw(region, layout);
  }

  private draw(region: Float32Array, { starts }: Layout): Float32Array {
    this.entries.forEach(({ spec: { initializer, shape } }, index) =>
      initialize(initializer, shape, new RandomStream(this.seed, Purpose.initialize, index), weightAt(region, starts[index]!, shape)));
    return region;
  }

  private blank(): Float32Array {
    return newFloats(this.layout.size, 'weights');
  }

  /** Moves the values into an engine, where they lie as the layout says. Where there were none, `drawInto` has drawn them there. */
  attach(engine: Engine, address: number, layout: Layout): void {
    const { starts } = this.layout;
    const values = this.engine ? this.region() : this.host;
    this.engine = engine;
    this.address = address;
    this.layout = layout;
    this.host = undefined;
    const moved = this.region();
    if (values) this.entries.forEach(({ spec: { shape } }, index) => moved.set(weightAt(values, starts[index]!, shape), layout.starts[index]));
  }

  /** Brings the values back, so that they outlive the engine. */
  detach(): void {
    this.host = this.region().slice();
    this.engine = undefined;
  }

  private region(): Float32Array {
    return this.engine ? this.engine.floats(this.address, this.layout.size) : (this.host ??= this.draw(this.blank(), this.layout));
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

  /** Weights as they are counted in summaries, without gaps. */
  get count(): number {
    return this.entries.reduce((sum, { spec }) => sum + sizeOf(spec.shape), 0);
  }

  get(layer?: Layer): Tensor<Float32Array>[] {
    const values = this.values();
    return this.select(layer).map(({ spec: { shape }, start }) => ({ data: values.slice(start, start + sizeOf(shape)), shape }));
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
    this.version++;
    this.torn = false;
  }

  private select(layer: Layer | undefined): Placed[] {
    return this.placed.filter((entry) => layer === undefined || entry.layer === layer);
  }

  private get placed(): Placed[] {
    return this.entries.map((entry, index) => ({ ...entry, start: this.layout.starts[index]!, trained: this.layout.trainable[index]! }));
  }

  private get trained(): Placed[] {
    return this.placed.filter(({ trained }) => trained);
  }

  /** Each weight's full name, such as `conv2d_1/kernel`, with its values. */
  named(): { name: string; tensor: Tensor<Float32Array> }[] {
    return named(this.placed, this.values());
  }

  /** The weights that are trained, with the values of another region laid out as they are, such as that of their gradients. */
  namedTrained(region: Float32Array): { name: string; tensor: Tensor<Float32Array> }[] {
    return named(this.trained, region);
  }

  /** Each weight's full name and shape. */
  get specs(): { name: string; shape: Shape }[] {
    return this.placed.map(nameAndShape);
  }

  /** Those of the weights that are trained. */
  get trainedSpecs(): { name: string; shape: Shape }[] {
    return this.trained.map(nameAndShape);
  }

  /** Writes values, one for each weight that is trained and of its size, into another region laid out as they are. */
  writeTrained(tensors: readonly Tensor[], region: Float32Array): void {
    this.trained.forEach(({ start }, index) => region.set(tensors[index]!.data, start));
  }
}

interface Placed extends Entry {
  /** Floats from the start of the region. */
  start: number;
  trained: boolean;
}

const weightAt = (region: Float32Array, start: number, shape: Shape): Float32Array => region.subarray(start, start + sizeOf(shape));

const nameAndShape = ({ layer, spec: { name, shape } }: Entry): { name: string; shape: Shape } => ({ name: `${layer.name}/${name}`, shape });

const named = (weights: readonly Placed[], region: Float32Array): { name: string; tensor: Tensor<Float32Array> }[] =>
  weights.map((weight) => {
    const { name, shape } = nameAndShape(weight);
    return { name, tensor: { data: region.slice(weight.start, weight.start + sizeOf(shape)), shape } };
  });

function checkWeight(value: WeightInput, { shape }: WeightSpec, where: string): void {
  const fits = 'data' in value ? sameShape(value.shape, shape) && value.data.length === sizeOf(shape) : value.length === sizeOf(shape);
  if (fits) return;
  throw new LanewiseError('invalid-shape', 'a weight has the wrong shape', {
    where, expected: formatShape(shape), received: 'data' in value ? formatShape(value.shape) : `${value.length} values`,
  });
}
