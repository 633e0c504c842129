import { Activation } from "../plan/ops";
import { exp, sigmoid, tanh } from "./math";

// @ts-ignore: decorator
@inline
function forward(x: f32, kind: i32): f32 {
  if (kind == Activation.relu) return reinterpret<f32>(x < 0 ? 0 : reinterpret<i32>(x)); // between integers: no branch
  if (kind == Activation.tanh) return tanh(x);
  if (kind == Activation.sigmoid) return sigmoid(x);
  return x;
}

// @ts-ignore: decorator
@inline
function backward(dy: f32, y: f32, kind: i32): f32 {
  if (kind == Activation.relu) return reinterpret<f32>(y > 0 ? reinterpret<i32>(dy) : 0);
  if (kind == Activation.tanh) return dy * (1 - y * y);
  if (kind == Activation.sigmoid) return dy * (y * (1 - y));
  return dy;
}

// @ts-ignore: decorator
@inline
function mapForward(y: usize, x: usize, size: i32, kind: i32): void {
  for (let i: usize = 0, end = (<usize>size) << 2; i < end; i += 4) store<f32>(y + i, forward(load<f32>(x + i), kind));
}

// @ts-ignore: decorator
@inline
function mapBackward(dx: usize, dy: usize, y: usize, size: i32, kind: i32): void {
  for (let i: usize = 0, end = (<usize>size) << 2; i < end; i += 4) store<f32>(dx + i, backward(load<f32>(dy + i), load<f32>(y + i), kind));
}

/** y[i] = f(x[i]); y may be x. */
export function activationForward(y: usize, x: usize, size: i32, kind: i32): void {
  if (kind == Activation.relu) mapForward(y, x, size, Activation.relu);
  else if (kind == Activation.tanh) mapForward(y, x, size, Activation.tanh);
  else mapForward(y, x, size, Activation.sigmoid);
}

/** dx[i] = f'(x[i]) · dy[i], from y = f(x); dx may be dy. */
export function activationBackward(dx: usize, dy: usize, y: usize, size: i32, kind: i32): void {
  if (kind == Activation.relu) mapBackward(dx, dy, y, size, Activation.relu);
  else if (kind == Activation.tanh) mapBackward(dx, dy, y, size, Activation.tanh);
  else mapBackward(dx, dy, y, size, Activation.sigmoid);
}

/** y = exp(x) / Σ exp(x) along each row. y, x: [rows, columns]. */
export function softmaxForward(y: usize, x: usize, rows: i32, columns: i32): void {
  const bytes = (<usize>columns) << 2;
  for (let row = 0; row < rows; row++) {
    let largest = load<f32>(x);
    for (let i: usize = 4; i < bytes; i += 4) {
      const value = load<f32>(x + i);
      largest = value > largest ? value : largest;
    }
    let sum: f32 = 0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const value = exp(load<f32>(x + i) - largest);
      sum += value;
      store<f32>(y + i, value);
    }
    const scale: f32 = 1 / sum;
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) * scale);
    x += bytes;
    y += bytes;
  }
}
