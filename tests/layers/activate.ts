/** How a layer of twins ends: its bias and its activation. */
import {
  type Activation, activations, map, pointwise, type PointwiseName, softmaxBackward, softmaxForward,
} from '../reference/index.js';

const isStep = (activation: string): activation is Activation => activation in activations;

/** The number that an activation takes where a name says all. */
const ALPHA: Readonly<Record<string, number>> = { leakyRelu: 0.2, elu: 1 };

/** The activation that ends a layer, over rows of `columns`. */
export function activate(x: Float64Array, name: string, columns: number, alpha = ALPHA[name] ?? 0): { y: Float64Array; backward: (dy: Float64Array) => Float64Array } {
  if (name in pointwise) {
    const { forward, derivative } = pointwise[name as PointwiseName];
    return { y: map(x, (value) => forward(value, alpha)), backward: (dy) => map(dy, (value, i) => value * derivative(x[i]!, alpha)) };
  }
  if (!isStep(name)) {
    const sizes = { rows: x.length / columns, columns };
    const y = softmaxForward({ x, ...sizes });
    return { y, backward: (dy) => softmaxBackward({ dy, y, ...sizes }) };
  }
  const { forward, derivative } = activations[name];
  const y = map(x, forward);
  return { y, backward: (dy) => map(dy, (value, i) => value * derivative(y[i]!)) };
}

export const plusBias = (x: Float64Array, bias: Float64Array | undefined): Float64Array => (bias ? map(x, (value, i) => value + bias[i % bias.length]!) : x);
