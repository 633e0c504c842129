import { adam } from "../../assembly/optimizer/adam";
import { sgd } from "../../assembly/optimizer/sgd";
import { State } from "../../assembly/plan/ops";
import { accumulateMetrics } from "../../assembly/loss/weights";
import { clipByGlobalNorm, sumOfSquares } from "../../assembly/reduce";
import { at, blank, eighths, floats, intact, mismatches, strays } from "./buffers";

function stateOf(rate: f32, scale: f32, batchLoss: f64): usize {
  const state = blank(16);
  memory.fill(state, 0, 64);
  store<f32>(state + State.learningRate, rate);
  store<f32>(state + State.gradientScale, scale);
  store<f64>(state + State.batchLoss, batchLoss);
  return state;
}

/** Rate 1/2, scale 1/4 and momentum 1/2 keep eighths exact. */
function checkSgd(size: i32, momentum: bool, nesterov: bool): i32 {
  const w = eighths(size, 1), old = eighths(size, 1), g = eighths(size, 2), velocity = momentum ? eighths(size, 3) : 0, oldVelocity = eighths(size, 3);
  const state = stateOf(0.5, 0.25, 1);
  for (let block = 0; block * 8 < size; block++) sgd(block, 0, w, g, velocity, 0, state, size, 8, Infinity, 0.5, i32(nesterov));
  const expected = new StaticArray<f64>(size), moved = new StaticArray<f64>(size);
  for (let i = 0; i < size; i++) {
    const step = at(g, i) / 8;
    moved[i] = at(oldVelocity, i) / 2 - step;
    expected[i] = at(old, i) + (!momentum ? -step : nesterov ? moved[i] / 2 - step : moved[i]);
  }
  return mismatches(w, expected) + (momentum ? mismatches(velocity, moved) : 0);
}

function checkAdam(size: i32): i32 {
  const w = eighths(size, 4), old = eighths(size, 4), g = eighths(size, 5), m = eighths(size, 6), oldM = eighths(size, 6), v = eighths(size, 7), oldV = blank(size);
  for (let i = 0; i < size; i++) store<f32>(v + ((<usize>i) << 2), <f32>Math.abs(at(v, i)));
  memory.copy(oldV, v, (<usize>size) << 2);
  const state = stateOf(0.01, 0.5, 1);
  for (let block = 0; block * 8 < size; block++) adam(block, 0, w, g, m, v, 0, state, size, 8, Infinity, 0.1, 0.001, 1e-7);
  const expected = new StaticArray<f64>(size), mean = new StaticArray<f64>(size), square = new StaticArray<f64>(size);
  for (let i = 0; i < size; i++) {
    const gradient = at(g, i) / 2;
    mean[i] = at(oldM, i) + (gradient - at(oldM, i)) * 0.1;
    square[i] = at(oldV, i) + (gradient * gradient - at(oldV, i)) * 0.001;
    expected[i] = at(old, i) - 0.01 * mean[i] / (Math.sqrt(square[i]) + 1e-7);
  }
  return strays(m, mean, 1e-6) + strays(v, square, 1e-6) + strays(w, expected, 1e-5);
}

/** With a loss or gradient that is not finite nothing may change. */
function changed(loss: f64, overflow: i32 = 0): i32 {
  const w = eighths(9, 8), g = eighths(9, 9), m = eighths(9, 10), v = eighths(9, 11), state = stateOf(1, 1, loss);
  store<i32>(state + State.overflow, overflow);
  const before = new StaticArray<f64>(9);
  for (let i = 0; i < 9; i++) before[i] = at(w, i);
  sgd(0, 0, w, g, m, 0, state, 9, 16, Infinity, 0.5, 0);
  adam(0, 0, w, g, m, v, 0, state, 9, 16, Infinity, 0.1, 0.1, 1e-7);
  return mismatches(w, before);
}

function checkSquares(size: i32): i32 {
  const x = eighths(size, 12), blocks = (size + 7) / 8, partials = blank(2 * blocks);
  let wrong = 0;
  for (let block = 0; block < blocks; block++) {
    sumOfSquares(block, 0, partials, x, size, 8);
    let exact: f64 = 0;
    for (let i = block * 8; i < min(block * 8 + 8, size); i++) exact += at(x, i) * at(x, i);
    if (load<f64>(partials + (block << 3)) != exact) wrong++;
  }
  return wrong + i32(!intact(partials, 2 * blocks));
}

describe("an optimizer", () => {
  test("sgd, with and without momentum", () => {
    for (let size = 1; size <= 19; size++) {
      expect(checkSgd(size, false, false)).toBe(0, `${size} weights`);
      expect(checkSgd(size, true, false)).toBe(0, `${size} weights, momentum`);
      expect(checkSgd(size, true, true)).toBe(0, `${size} weights, nesterov`);
    }
  });

  test("adam", () => {
    for (let size = 1; size <= 19; size++) expect(checkAdam(size)).toBe(0, `${size} weights`);
  });

  test("leaves the weights alone if the loss or the gradient is not finite", () => {
    expect(changed(1, 1)).toBe(0);
    expect(changed(NaN)).toBe(0);
    expect(changed(Infinity)).toBe(0);
    expect(changed(-Infinity)).toBe(0);
    expect(changed(1)).toBeGreaterThan(0, "a finite loss");
  });
});

describe("the state of a step", () => {
  test("sums of squares are taken in double precision", () => {
    for (let size = 1; size <= 19; size++) expect(checkSquares(size)).toBe(0, `${size} values`);
  });

  test("the gradient's scale brings its norm down, never up", () => {
    const state = stateOf(1, 1, 0), partials = blank(4);
    store<f64>(partials, 9);
    store<f64>(partials, 16, 8);
    clipByGlobalNorm(0, 0, state, partials, 2, 2);
    expect(load<f32>(state + State.gradientScale)).toBe(<f32>0.4);
    clipByGlobalNorm(0, 0, state, partials, 2, 7);
    expect(load<f32>(state + State.gradientScale)).toBe(1);
    expect(load<f64>(state + State.gradientNorm)).toBe(5);
    expect(load<i32>(state + State.overflow)).toBe(0);
    store<f64>(partials, NaN, 8);
    clipByGlobalNorm(0, 0, state, partials, 2, 7);
    expect(load<i32>(state + State.overflow)).toBe(1);
  });

  test("losses are averaged and right rows counted, each batch anew", () => {
    const state = stateOf(1, 1, 0), rowLoss = floats([0.5, 1, 3]), rowCorrect = floats([1, 0, 1]);
    for (let batch = 0; batch < 2; batch++) accumulateMetrics(0, 0, state, rowLoss, rowCorrect, 0, 0, 3, 1);
    expect(load<f64>(state + State.batchLoss)).toBe(1.5);
    expect(load<f64>(state + State.batchCorrect)).toBe(2);
    expect(intact(state, 16)).toBe(true);
  });
});
