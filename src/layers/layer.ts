import { LanewiseError } from '../errors.js';
import type { Initializer, WeightInitializer } from '../initializers.js';
import { requireInitializer } from '../initializers.js';
import { requirePositiveInteger } from '../options.js';
import type { Ref } from '../plan/buffer.js';
import type { PlanParameter, PlanTensor, Tape } from '../plan/tape.js';
import type { Embedding } from '../runtime/embedded.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { OptionTable } from './layer-config.js';
import type { LayerOptions } from './layer-options.js';
import type { Regularizer } from './regularizers.js';
import { requireRegularizer } from './regularizers.js';

/** A weight a layer asks for when it is built. */
export interface WeightSpec {
  /** Such as `kernel`, `recurrentKernel` or `bias`. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: WeightInitializer;
  /** False for what a layer keeps by itself, such as moving statistics. Default true. */
  readonly trainable?: boolean;
  /** False where the last axis is not that of the outputs of a linear map from the others, so that `muon` takes it for no matrix. Default true. */
  readonly matrix?: boolean;
  /** The penalty on it, from the layer's option of that name: kernelRegularizer for `kernel`. */
  readonly regularizer?: Regularizer;
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

/** Where the states of stateful layers are. */
export interface StateStore {
  get(layer: Layer): Tensor<Float32Array>[];
  /** Zeros, or the given values. */
  reset(layer: Layer, values?: readonly WeightInput[]): void;
}

/** What a layer's ops may use beside the tape. */
export interface EmitContext {
  readonly tape: Tape;
  /** The layer's weights, in the order of its specs. */
  readonly parameters: readonly PlanParameter[];
  /** Tells this layer's random numbers from those of others. */
  readonly stream: number;
  /** Whether the layer's weights are trained: its `trainable` at the time of `compile`. */
  readonly trainable: boolean;
  /** A state that lasts from batch to batch, [groups][units][4], by its layer and name: zeros until ops write it. The same for all plans of a batch size. */
  readonly persistent: (layer: Layer, name: string, units: number) => Ref;
}

/** States of no model: they last no longer than the plan. */
export const ownStates = (tape: Tape): EmitContext['persistent'] => (_layer, _name, units) => tape.tensor([units], 'lanes', false, true).ref;

/** A value of a model that is being described: the output of a layer, or an input of the model, which has no layer. */
export class SymbolicTensor {
  constructor(
    /** Shape of one sample. */
    readonly shape: Shape,
    /** What makes it, and of what. */
    readonly layer?: Layer,
    readonly inputs: readonly SymbolicTensor[] = [],
    /** Of an input of the model. */
    readonly name?: string,
  ) {}
}

/** A layer that can stand first in a `sequential` model: it was made with an `inputShape`. */
export type FirstLayer = Layer & { readonly inputShapeOption: Shape };

/** Makes layers of one type; of those with an `inputShape` the type says so. */
export interface LayerFactory<Options extends LayerOptions> {
  (options: Options & { inputShape: Shape }): FirstLayer;
  (options: Options): Layer;
}

/** One that needs no options. */
export interface BareLayerFactory<Options extends LayerOptions> extends LayerFactory<Options> {
  (): Layer;
}

/** A factory as a value of its type: whether a layer has an `inputShape` is known only when it is made. */
export const factory = <Options extends LayerOptions>(make: (options: Options) => Layer): LayerFactory<Options> => make as LayerFactory<Options>;
export const bareFactory = <Options extends LayerOptions>(make: (options?: Options) => Layer): BareLayerFactory<Options> => make as BareLayerFactory<Options>;

/**
 * One life cycle for every layer: the constructor checks the options, `apply` the shape of its input, `emit` lays out the ops of a batch and
 * records how gradients go back.
 */
export abstract class Layer {
  /** The layer's name in the API, such as `conv2d`. */
  abstract readonly type: string;
  /** The options that stand in JSON beside those all layers have. @internal */
  abstract readonly optionTable: OptionTable;
  readonly inputShapeOption: Shape | undefined;
  /** Whether the layer is the user's own: only its type and name stand in JSON. */
  readonly isCustom: boolean = false;
  /** Whether each step of its output is made of the same step of its input, so that a mask of the input is one of the output. @internal */
  readonly supportsMasking: boolean = false;
  /** As they were given. */
  readonly options: Readonly<LayerOptions>;
  private givenName: string | undefined;
  /** Of a layer within another: the name its place gives it. @internal */
  placeName: (() => string) | undefined;
  /** Whether training changes the weights. A model goes by what stands here when it is compiled. */
  trainable: boolean;
  private shapes: { inputs: readonly Shape[]; output: Shape; weights: readonly WeightSpec[] } | undefined;
  private store: WeightStore | undefined;

  constructor(options: LayerOptions) {
    this.options = Object.fromEntries(Object.entries(options).map(([key, value]) => [key, Array.isArray(value) ? [...value as unknown[]] : (value as unknown)]));
    this.givenName = options.name;
    this.inputShapeOption = options.inputShape;
    this.trainable = options.trainable ?? true;
    if (options.inputShape) requireSizes(options.inputShape, options.name ?? 'layer');
  }

  get name(): string {
    return this.placeName?.() ?? this.givenName ?? this.type;
  }

  /** Sets the default name, if the user gave none. @internal */
  nameByDefault(name: string): void {
    this.givenName ??= name;
  }

  /**
   * What the layer gives for an input (for a merging layer: a list of them): checks its shape and fixes those of output and weights.
   * @throws LanewiseError `invalid-shape`; `invalid-state` for a layer that has its place already
   */
  apply(x: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    if (this.shapes) {
      throw new LanewiseError('invalid-state', 'a layer has one place in one model', { where: this.name, remedy: 'Make a new layer' });
    }
    const inputs = x instanceof SymbolicTensor ? [x] : [...x];
    const stranger = inputs.find((input) => !(input instanceof SymbolicTensor));
    if (stranger !== undefined || inputs.length === 0) {
      throw new LanewiseError('invalid-argument', 'not the output of a layer or of input()', { where: this.name, received: typeof stranger });
    }
    const shapes = inputs.map(({ shape }) => shape);
    const output = this.mergedShape(shapes);
    this.shapes = { inputs: shapes, output, weights: this.weightSpecs(shapes[0]!).map((spec) => this.customized(spec)) };
    return new SymbolicTensor(output, this, inputs);
  }

  /** A weight with the options of its name: `kernelInitializer` and `kernelRegularizer` for `kernel`, `recurrent…` for `recurrentKernel`, and so on. */
  private customized(spec: WeightSpec): WeightSpec {
    const prefix = spec.name.replace(/Kernel$/, '');
    const options = this.options as Readonly<Record<string, unknown>>;
    const initializer = options[`${prefix}Initializer`] as Initializer | undefined;
    const regularizer = options[`${prefix}Regularizer`] as Regularizer | undefined;
    return {
      ...spec,
      ...(initializer !== undefined && { initializer: initializedAs(spec, requireInitializer(initializer, `${prefix}Initializer`, this.name)) }),
      ...(regularizer !== undefined && { regularizer: requireRegularizer(regularizer, `${prefix}Regularizer`, this.name) }),
    };
  }

  /** Says where the weights are. @throws LanewiseError `invalid-state` for a layer of another model @internal */
  attach(store: WeightStore): void {
    if (this.store) throw new LanewiseError('invalid-state', 'a layer belongs to one model', { where: this.name, remedy: 'Make a new layer' });
    this.store = store;
  }

  /** The layers of this one that keep states from batch to batch: itself, those within it, or none. @internal */
  get statefulLayers(): readonly Layer[] {
    return [];
  }

  /** Where its input is whole numbers from 0 on: how many. @internal */
  get indices(): number | undefined {
    return undefined;
  }

  /** Names of the states it keeps. @internal */
  readonly stateNames: readonly string[] = [];
  /** How many units each of them has. @internal */
  get stateUnits(): number {
    return 0;
  }

  /** Says where the states are, in a compiled model. @internal */
  keepStates(_store: StateStore | undefined): void {
    // only stateful layers have any
  }

  private get built(): NonNullable<typeof this.shapes> {
    if (!this.shapes) throw new LanewiseError('invalid-state', 'the layer is not part of a model yet', { where: this.name });
    return this.shapes;
  }

  /** Shape of one input sample; of the first input, if there are several. */
  get input(): Shape {
    return this.built.inputs[0]!;
  }

  /** Shapes of all inputs. */
  get inputs(): readonly Shape[] {
    return this.built.inputs;
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

  /** Of several inputs, where a layer takes them. @throws LanewiseError `invalid-shape` */
  protected mergedShape(inputShapes: readonly Shape[]): Shape {
    if (inputShapes.length === 1) return this.outputShape(inputShapes[0]!);
    throw new LanewiseError('invalid-shape', 'the layer takes one input', { where: this.name, received: `${inputShapes.length} inputs` });
  }

  protected weightSpecs(_inputShape: Shape): readonly WeightSpec[] {
    return [];
  }

  /** Forward cost of one sample. */
  flops(): Flops {
    return { multiplications: 0, additions: 0 };
  }

  /** Where the kernels of its ops are, `allKernels`, if they are not in the core. @internal */
  get kernels(): Embedding | undefined {
    return undefined;
  }

  /** Lays out the forward ops of a batch and records the backward ones. @internal */
  abstract emit(x: PlanTensor, context: EmitContext): PlanTensor;

  /** Of several inputs, where a layer takes them. @internal */
  emitMerged(inputs: readonly PlanTensor[], context: EmitContext): PlanTensor {
    return this.emit(inputs[0]!, context);
  }

  /**
   * The same for this layer and `next` as one, where they have a faster way together; `next` must be all that reads this layer's output.
   * Nothing is laid out where undefined is returned.
   * @internal
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

/** The forget gate's ones stay where an LSTM is given an initializer for its bias, as in Keras. */
const initializedAs = ({ initializer: own }: WeightSpec, given: Initializer): WeightInitializer =>
  typeof own === 'object' && own.name === 'unitForgetBias' ? { ...own, rest: given } : given;

export function requireSizes(inputShape: Shape, where: string): void {
  const given: unknown = inputShape;
  if (!Array.isArray(given)) {
    throw new LanewiseError('invalid-argument', 'inputShape is not a list of sizes', {
      where, expected: 'such as [28, 28, 1]', received: JSON.stringify(given),
    });
  }
  for (const size of inputShape) requirePositiveInteger(size, 'inputShape', where);
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
