import { type Activation, activations } from './activation.js';
import { requireShape, type Values } from './values.js';

export interface SimpleRnnOptions {
  batch: number; // N
  steps: number; // T
  features: number; // F
  units: number; // U
  activation?: Activation; // default 'tanh'
  x: Values; // [N, T, F]
  kernel: Values; // [F, U]
  recurrentKernel: Values; // [U, U], [from, to]
  bias?: Values; // [U], default zeros
  initialState?: Values; // [N, U], default zeros
}

/** h[t] = activation(x[t]·kernel + h[t-1]·recurrentKernel + bias): h for all steps, [N, T, U]. */
export function simpleRnnForward(options: SimpleRnnOptions): Float64Array {
  const { batch, steps, features, units, activation = 'tanh', x, kernel, recurrentKernel, bias } = options;
  requireShapes(options);
  const { forward } = activations[activation];
  const h = new Float64Array(batch * steps * units);
  for (let n = 0; n < batch; n++) {
    for (let t = 0; t < steps; t++) {
      for (let u = 0; u < units; u++) {
        let sum = bias === undefined ? 0 : bias[u]!;
        for (let f = 0; f < features; f++) sum += x[(n * steps + t) * features + f]! * kernel[f * units + u]!;
        for (let v = 0; v < units; v++) sum += previousState(options, h, n, t, v) * recurrentKernel[v * units + u]!;
        h[(n * steps + t) * units + u] = forward(sum);
      }
    }
  }
  return h;
}

export interface SimpleRnnGradients {
  dx: Float64Array; // [N, T, F]
  dKernel: Float64Array; // [F, U]
  dRecurrentKernel: Float64Array; // [U, U]
  dBias: Float64Array; // [U]
  dInitialState: Float64Array; // [N, U]
}

/**
 * Back-propagation through time. `dh` [N, T, U] is the gradient that reaches each step's output from above; when only
 * the last output is used, its other steps are zero.
 */
export function simpleRnnBackward({ dh, ...options }: SimpleRnnOptions & { dh: Values }): SimpleRnnGradients {
  const { batch, steps, features, units, activation = 'tanh', x, kernel, recurrentKernel } = options;
  requireShape('dh', dh, [batch, steps, units]);
  const h = simpleRnnForward(options);
  const { derivative } = activations[activation];
  const dx = new Float64Array(batch * steps * features);
  const dKernel = new Float64Array(features * units);
  const dRecurrentKernel = new Float64Array(units * units);
  const dBias = new Float64Array(units);
  const dInitialState = new Float64Array(batch * units);

  for (let n = 0; n < batch; n++) {
    let fromLater = new Float64Array(units); // the gradient that step t + 1 sends back to h[t]
    for (let t = steps - 1; t >= 0; t--) {
      const toEarlier = new Float64Array(units);
      for (let u = 0; u < units; u++) {
        const at = (n * steps + t) * units + u;
        const dSum = (dh[at]! + fromLater[u]!) * derivative(h[at]!);
        dBias[u]! += dSum;
        for (let f = 0; f < features; f++) {
          const xAt = (n * steps + t) * features + f;
          dKernel[f * units + u]! += x[xAt]! * dSum;
          dx[xAt]! += kernel[f * units + u]! * dSum;
        }
        for (let v = 0; v < units; v++) {
          dRecurrentKernel[v * units + u]! += previousState(options, h, n, t, v) * dSum;
          toEarlier[v]! += recurrentKernel[v * units + u]! * dSum;
        }
      }
      fromLater = toEarlier;
    }
    dInitialState.set(fromLater, n * units);
  }
  return { dx, dKernel, dRecurrentKernel, dBias, dInitialState };
}

/** h[n, t - 1, unit], or the initial state before the first step. */
function previousState({ steps, units, initialState }: SimpleRnnOptions, h: Values, n: number, t: number, unit: number): number {
  if (t > 0) return h[(n * steps + t - 1) * units + unit]!;
  return initialState === undefined ? 0 : initialState[n * units + unit]!;
}

function requireShapes({ batch, steps, features, units, x, kernel, recurrentKernel, bias, initialState }: SimpleRnnOptions): void {
  requireShape('x', x, [batch, steps, features]);
  requireShape('kernel', kernel, [features, units]);
  requireShape('recurrentKernel', recurrentKernel, [units, units]);
  if (bias !== undefined) requireShape('bias', bias, [units]);
  if (initialState !== undefined) requireShape('initialState', initialState, [batch, units]);
}
