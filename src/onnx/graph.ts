import type { Shape } from '../tensor/shape.js';
import type { AttributeValue, Initializer, Node } from './proto.js';

/**
 * The order of a value's axes. `rows` is the library's: [batch, …, channels]. ONNX's convolutions and poolings want `channelsFirst`,
 * [batch, channels, …], its recurrent operators `timeFirst`, [time, batch, features].
 */
export type Layout = 'rows' | 'channelsFirst' | 'timeFirst';

/** A value of the graph under construction. */
export interface Value {
  readonly name: string;
  /** Shape of one sample, as in the library, whatever the layout. */
  readonly shape: Shape;
  readonly layout: Layout;
}

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Which axis of `rows` is axis i of the layout, the batch being axis 0. */
function axesOf(layout: Layout, rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (layout === 'channelsFirst' && rank > 2) return [0, rank - 1, ...axes.slice(1, -1)];
  if (layout === 'timeFirst') return [1, 0, ...axes.slice(2)];
  return axes;
}

/** Nodes and constants in the order in which they are made; names are made unlike. */
export class OnnxGraph {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  private readonly names = new Set<string>();
  /** What was transposed once, is not again. */
  private readonly transposed = new Map<string, Value>();
  /** Stands before the names of the layer at work. */
  scope = '';

  /** Takes a name for a value; a number is added to one that is taken. */
  takeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.names.has(name); number++) name = `${wanted}_${number}`;
    this.names.add(name);
    return name;
  }

  /** Appends a node. @returns the names of its outputs */
  nodeOf(operator: string, inputs: readonly string[], attributes: Attributes, outputCount: number): string[] {
    const name = this.takeName(`${this.scope}/${operator}`);
    const outputs = Array.from({ length: outputCount }, (_, index) => (index === 0 ? name : this.takeName(`${name}/${index}`)));
    this.nodes.push({ name, operator, inputs, outputs, attributes });
    return outputs;
  }

  /** Appends a node of one output. @returns the name of the output */
  node(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodeOf(operator, inputs, attributes, 1)[0]!;
  }

  /** A weight or another constant of numbers. @returns its name */
  constant(name: string, data: Float32Array, shape: Shape): string {
    return this.addInitializer(name, data, shape);
  }

  scalar(name: string, value: number): string {
    return this.constant(name, Float32Array.of(value), []);
  }

  /** A list of sizes or axes, for operators that take such as an input. @returns its name */
  integers(name: string, values: readonly number[]): string {
    return this.addInitializer(name, BigInt64Array.from(values, BigInt), [values.length]);
  }

  private addInitializer(wanted: string, data: Initializer['data'], shape: Shape): string {
    const name = this.takeName(`${this.scope}/${wanted}`);
    this.initializers.push({ name, data, shape });
    return name;
  }

  /** The same value in another layout. */
  inLayout(value: Value, layout: Layout): Value {
    if (value.layout === layout) return value;
    const rank = value.shape.length + 1;
    const from = axesOf(value.layout, rank);
    const permutation = axesOf(layout, rank).map((axis) => from.indexOf(axis));
    if (permutation.every((axis, index) => axis === index)) return { ...value, layout };
    const key = `${layout} ${value.name}`;
    const known = this.transposed.get(key);
    if (known) return known;
    const result = { ...value, name: this.node('Transpose', [value.name], { perm: { ints: permutation } }), layout };
    this.transposed.set(key, result);
    this.transposed.set(`${value.layout} ${result.name}`, value);
    return result;
  }

  /** Gives a value another name, wherever it stands. */
  rename(from: string, to: string): void {
    const renamed = (names: readonly string[]): string[] => names.map((name) => (name === from ? to : name));
    for (const node of this.nodes) {
      node.inputs = renamed(node.inputs);
      node.outputs = renamed(node.outputs);
    }
  }
}
