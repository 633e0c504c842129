/** What layers that hold others have in common. */
import type { PlanTensor } from '../plan/tape.js';
import type { Embedding } from '../runtime/embedded.js';
import type { Tensor } from '../tensor/tensor.js';
import type { EmitContext, Flops, WeightSpec, WeightStore } from './layer.js';
import type { LayerOptions } from './layer-options.js';
import { Layer } from './layer.js';

/** A layer within another. */
export interface Part<Inner extends Layer = Layer> {
  /** What stands before the names of its weights: `forward` in `bidirectional_1/forward/kernel`. */
  readonly name: string;
  readonly layer: Inner;
}

/** So many streams of random numbers lie between a wrapper's own and that of its first part: more than a model has layers. */
const PART_STREAMS = 2 ** 20;

/** A layer made of others, in whose names stand its own. Its weights are theirs, one part after the other. */
export abstract class Wrapper extends Layer {
  constructor(
    options: LayerOptions,
    /** The layers within, which no one else has. @internal */
    readonly parts: readonly Part[],
  ) {
    super(options);
    for (const { name, layer } of parts) layer.placeName = () => `${this.name}/${name}`;
  }

  override get kernels(): Embedding | undefined {
    return this.parts.map(({ layer }) => layer.kernels).find((kernels) => kernels !== undefined);
  }

  override get statefulLayers(): readonly Layer[] {
    return this.parts.flatMap(({ layer }) => layer.statefulLayers);
  }

  /** The parts have their places by then. A part that is not trainable now stays so. */
  protected override weightSpecs(): readonly WeightSpec[] {
    return this.parts.flatMap(({ name, layer }) =>
      layer.weights.map((spec) => ({ ...spec, name: `${name}/${spec.name}`, ...(!layer.trainable && { trainable: false }) })));
  }

  override attach(store: WeightStore): void {
    super.attach(store);
    for (const part of this.parts) part.layer.attach(this.storeOf(part));
  }

  /** A part's weights are a piece of the wrapper's. */
  private storeOf(part: Part): WeightStore {
    const [first, end] = this.rangeOf(part);
    const all = (): Tensor<Float32Array>[] => this.getWeights();
    return {
      get: () => all().slice(first, end),
      set: (_layer, values) => this.setWeights([...all().slice(0, first), ...values, ...all().slice(end)]),
    };
  }

  /** Which of the wrapper's weights are a part's: from, to. */
  private rangeOf(part: Part): [number, number] {
    const before = this.parts.slice(0, this.parts.indexOf(part)).reduce((sum, { layer }) => sum + layer.weights.length, 0);
    return [before, before + part.layer.weights.length];
  }

  override flops(): Flops {
    const all = this.parts.map(({ layer }) => layer.flops());
    return {
      multiplications: all.reduce((sum, { multiplications }) => sum + multiplications, 0), additions: all.reduce((sum, { additions }) => sum + additions, 0),
    };
  }

  /** Lays out a part, with weights and random numbers of its own. */
  protected emitPart(part: Part, x: PlanTensor, context: EmitContext): PlanTensor {
    const { layer } = part;
    return layer.emitMerged([x], {
      ...context, parameters: context.parameters.slice(...this.rangeOf(part)), stream: context.stream + (1 + this.parts.indexOf(part)) * PART_STREAMS,
      trainable: context.trainable && layer.trainable,
    });
  }
}
