import { LanewiseError } from '../errors.js';
import type { InitializerName } from '../initializers.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** What every layer takes. */
export interface LayerOptions {
  /** Default: the layer's type and number, such as `conv2d_1`. */
  name?: string;
  /** Shape of one sample, without the batch. Needed for the first layer of a model, and only there. */
  inputShape?: readonly number[];
}

/** A weight a layer asks for when it is built. */
export interface WeightSpec {
  /** `kernel`, `recurrentKernel` or `bias`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
}

/** Multiplications and additions of weights with values, for one sample. */
export interface Flops {
  multiplications: number;
  additions: number;
}

/** Where the values of a built layer's weights are. */
export interface WeightStore {
  get(layer: Layer): Tensor<Float32Array>[];
  set(layer: Layer, values: readonly WeightInput[]): void;
}
export type WeightInput = Tensor | ArrayLike<number>;

/** What a layer's ops may use beside the tape. */
export interface EmitContext {
  readonly tape: Tape;
  /** The layer's weights, in the order of its specs. */
  readonly parameters: readonly PlanParameter[];
  /** Tells this layer's random numbers from those of others. */
  readonly stream: number;
}

/**
 * One life cycle for every layer: the constructor checks the options, `build` the input shape, `emit` lays out the ops of a batch and
 * records how gradients go back.
 */
export abstract class Layer {
  /** The layer's name in the API, such as `conv2d`. */
  abstract readonly type: string;
  readonly inputShapeOption: Shape | undefined;
  /** As they were given. */
  readonly options: Readonly<LayerOptions>;
  private givenName: string | undefined;
  private shapes: { input: Shape; output: Shape; weights: readonly WeightSpec[] } | undefined;
  private store: WeightStore | undefined;

  constructor(options: LayerOptions) {
    this.options = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, Array.isArray(value) ? [...value as unknown[]] : (value as unknown)]));
    this.givenName = options.name;
    this.inputShapeOption = options.inputShape;
    if (options.inputShape) requireSizes(options.inputShape, options.name ?? 'layer');
  }

  get name(): string {
    return this.givenName ?? this.type;
  }

  /** Sets the default name, if the user gave none. */
  nameByDefault(name: string): void {
    this.givenName ??= name;
  }

  /** Checks the input shape and fixes the shapes of output and weights. @throws LanewiseError `invalid-shape`, `invalid-state` */
  build(inputShape: Shape, store: WeightStore): Shape {
    if (this.shapes) {
      throw new LanewiseError('invalid-state', 'a layer belongs to one model', { where: this.name, remedy: 'Make a new layer' });
    }
    const output = this.outputShape(inputShape);
    this.shapes = { input: inputShape, output, weights: this.weightSpecs(inputShape) };
    this.store = store;
    return output;
  }

  private get built(): NonNullable<typeof this.shapes> {
    if (!this.shapes) throw new LanewiseError('invalid-state', 'the layer is not part of a model yet', { where: this.name });
    return this.shapes;
  }

  /** Shape of one input sample. */
  get input(): Shape {
    return this.built.input;
  }

  /** Shape of one output sample. */
  get output(): Shape {
    return this.built.output;
  }

  get weights(): readonly WeightSpec[] {
    return this.built.weights;
  }

  /** Copies of the layer's weights. */
  getWeights(): Tensor<Float32Array>[] {
    return this.requireStore().get(this);
  }

  /** Replaces the layer's weights, in the order of `getWeights`. @throws LanewiseError `invalid-shape`; nothing is changed then. */
  setWeights(values: readonly WeightInput[]): void {
    this.requireStore().set(this, values);
  }

  private requireStore(): WeightStore {
    if (!this.store) throw new LanewiseError('invalid-state', 'the layer is not part of a model yet', { where: this.name });
    return this.store;
  }

  /** @throws LanewiseError `invalid-shape` */
  protected abstract outputShape(inputShape: Shape): Shape;

  protected weightSpecs(_inputShape: Shape): readonly WeightSpec[] {
    return [];
  }

  /** Forward cost of one sample. */
  flops(): Flops {
    return { multiplications: 0, additions: 0 };
  }

  /** Lays out the forward ops of a batch and records the backward ones. */
  abstract emit(x: PlanTensor, context: EmitContext): PlanTensor;

  /**
   * The same for this layer and `next` as one, where they have a faster way together; `next` must be all that reads this layer's output.
   * Nothing is laid out where undefined is returned.
   */
  emitWith(_next: Layer, _x: PlanTensor, _context: EmitContext): PlanTensor | undefined {
    return undefined;
  }

  /** The options in short, for summaries: `64 filters 3×3, relu`. */
  describe(): string {
    return '';
  }

  protected shapeError(summary: string, expected: string, received: Shape, remedy?: string): LanewiseError {
    return new LanewiseError('invalid-shape', summary, {
      where: this.name, expected, received: formatShape(received), ...(remedy && { remedy }),
    });
  }
}

function requireSizes(inputShape: Shape, where: string): void {
  const given: unknown = inputShape;
  if (!Array.isArray(given)) {
    throw new LanewiseError('invalid-argument', 'inputShape is not a list of sizes', {
      where, expected: 'such as [28, 28, 1]', received: JSON.stringify(given),
    });
  }
  for (const size of inputShape) requirePositiveInteger(size, 'inputShape', where);
}

/** @throws LanewiseError `invalid-argument` */
export function requirePositiveInteger(value: number, option: string, where: string): number {
  if (Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value;
  throw new LanewiseError('invalid-argument', `${option} is out of range`, { where, expected: 'a whole number of at least 1', received: String(value) });
}

/** `1 unit`, `2 units`. */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** A size given for both axes at once or as [rows, columns]. */
export type Size2d = number | readonly [number, number];

/** @throws LanewiseError `invalid-argument` */
export function size2d(value: Size2d, option: string, where: string): readonly [number, number] {
  const pair = typeof value === 'number' ? ([value, value] as const) : value;
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw new LanewiseError('invalid-argument', `${option} is not a size`, { where, expected: 'a number or [rows, columns]', received: String(value) });
  }
  return [requirePositiveInteger(pair[0], option, where), requirePositiveInteger(pair[1], option, where)];
}

/** A rate of dropout: @throws LanewiseError `invalid-argument` */
export function requireRate(value: number, option: string, where: string): number {
  if (value >= 0 && value < 1) return value;
  throw new LanewiseError('invalid-argument', `${option} is out of range`, { where, expected: 'a number from 0 to below 1', received: String(value) });
}
