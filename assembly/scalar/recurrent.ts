import { Activation } from "../plan/ops";
import { activationBackward, activationForward } from "./activation";
import { product } from "./product";

/**
 * h[t] = tanh(x[t] · kernel + h[t-1] · recurrentKernel + bias): one product for the inputs of all steps, then step by step over the batch.
 * h: [batch, time, units]; x: [batch, time, features]; kernel: [features, units]; recurrentKernel: [units, units]; bias: [units].
 */
export function simpleRnnForward(
  h: usize, x: usize, kernel: usize, recurrentKernel: usize, bias: usize, batch: i32, time: i32, features: i32, units: i32,
): void {
  const row = (<usize>units) << 2;
  for (let i = 0; i < batch * time; i++) memory.copy(h + <usize>i * row, bias, row);
  product(h, units, x, features, 1, kernel, units, 1, batch * time, units, features);
  for (let t = 0; t < time; t++) {
    const step = h + <usize>t * row;
    if (t > 0) product(step, time * units, step - row, time * units, 1, recurrentKernel, units, 1, batch, units, units);
    for (let n = 0; n < batch; n++) {
      const state = step + <usize>(n * time) * row;
      activationForward(state, state, units, Activation.tanh);
    }
  }
}

/**
 * Back through time. dx, dKernel, dRecurrentKernel, dBias: gradients; d: [batch, time, units], scratch; dh: the gradient of h; the rest as above.
 */
export function simpleRnnBackward(
  dx: usize, dKernel: usize, dRecurrentKernel: usize, dBias: usize, d: usize, dh: usize, h: usize, x: usize, kernel: usize, recurrentKernel: usize,
  batch: i32, time: i32, features: i32, units: i32,
): void {
  const row = (<usize>units) << 2;
  memory.copy(d, dh, <usize>(batch * time) * row);
  for (let t = time - 1; t >= 0; t--) {
    const step = d + <usize>t * row;
    if (t < time - 1) product(step, time * units, step + row, time * units, 1, recurrentKernel, 1, units, batch, units, units);
    for (let n = 0; n < batch; n++) {
      const offset = <usize>(n * time) * row;
      activationBackward(step + offset, step + offset, h + <usize>t * row + offset, units, Activation.tanh);
    }
  }
  memory.fill(dx, 0, (<usize>(batch * time * features)) << 2);
  product(dx, features, d, units, 1, kernel, 1, units, batch * time, features, units);
  memory.fill(dKernel, 0, <usize>features * row);
  product(dKernel, units, x, 1, features, d, units, 1, features, units, batch * time);
  memory.fill(dRecurrentKernel, 0, <usize>units * row);
  for (let n = 0; n < batch; n++) {
    const sequence = <usize>(n * time) * row; // the state before each step but the first, against that step's gradient
    product(dRecurrentKernel, units, h + sequence, 1, units, d + sequence + row, units, 1, units, units, time - 1);
  }
  memory.fill(dBias, 0, row);
  for (let i = 0; i < batch * time; i++) {
    for (let u: usize = 0; u < row; u += 4) store<f32>(dBias + u, load<f32>(dBias + u) + load<f32>(d + <usize>i * row + u));
  }
}
