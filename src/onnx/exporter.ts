import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import type { Layer } from '../layers/layer.js';
import type { LayerOptions } from '../layers/layer-options.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Layout, OnnxGraph, Value } from './graph.js';

type Pair = readonly [number, number];

/** The options of a layer with all defaults said; a size is [rows, columns]. */
export type Resolved<Options> = {
  readonly [Key in Exclude<keyof Options, keyof LayerOptions>]-?: Pair extends Options[Key] ? Pair : Exclude<Options[Key], undefined>;
};

/** What an exporter has of its layer and of the graph it adds to. */
export class LayerExport {
  private readonly weights: ReadonlyMap<string, Tensor<Float32Array>>;

  constructor(
    readonly graph: OnnxGraph,
    readonly layer: Layer,
    readonly config: JsonRecord,
    readonly inputs: readonly Value[],
    private readonly exportLayer: (graph: OnnxGraph, layer: Layer, inputs: readonly Value[]) => Value,
  ) {
    const values = layer.getWeights();
    this.weights = new Map(layer.weights.map(({ name }, index) => [name, values[index]!]));
  }

  /** The input, of a layer that has one. */
  get x(): Value {
    return this.inputs[0]!;
  }

  /** The name of the input in a layout. */
  in(layout: Layout): string {
    return this.graph.inLayout(this.x, layout).name;
  }

  get outputShape(): Shape {
    return this.layer.output;
  }

  /** A weight that the layer must have. */
  weight(name: string): Tensor<Float32Array> {
    const found = this.weights.get(name);
    if (!found) throw new LanewiseError('invalid-state', `no weight ${name}`, { where: this.layer.name });
    return found;
  }

  /** Puts a weight into the graph as it is; undefined if the layer has none of this name. */
  constant(name: string): string | undefined {
    const found = this.weights.get(name);
    return found && this.graph.constant(name, found.data, found.shape);
  }

  /** What a layer within this one gives. */
  part(layer: Layer, x: Value): Value {
    return this.exportLayer(this.graph, layer, [x]);
  }

  /** A value of the layer's output shape. */
  output(name: string, layout: Layout = 'rows'): Value {
    return { name, shape: this.outputShape, layout };
  }

  /** For an option that ONNX has no way to say. */
  unsupported(summary: string): LanewiseError {
    return new LanewiseError('unsupported', `ONNX export: ${summary}`, { where: this.layer.name });
  }
}

/** Adds a layer's nodes to the graph. */
export type Exporter = (context: LayerExport) => Value;

/** The options are those of `layerConfig`, which says all of them. */
export const exporter = <Options extends LayerOptions>(run: (options: Resolved<Options>, context: LayerExport) => Value): Exporter =>
  (context) => run(context.config as unknown as Resolved<Options>, context);

/** The axes of a tensor in another order: axis i of the result is axis `order[i]` of the tensor. */
export function permuted({ data, shape }: Tensor<Float32Array>, order: readonly number[]): Tensor<Float32Array> {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const newShape = order.map((axis) => shape[axis]!);
  const newStrides = order.map((axis) => strides[axis]!);
  const index = newShape.map(() => 0);
  const result = new Float32Array(data.length);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from]!;
    for (let axis = index.length - 1; axis >= 0; axis--) { // on to the next element, as an odometer
      from += newStrides[axis]!;
      if (++index[axis]! < newShape[axis]!) break;
      from -= newStrides[axis]! * newShape[axis]!;
      index[axis] = 0;
    }
  }
  return { data: result, shape: newShape };
}
