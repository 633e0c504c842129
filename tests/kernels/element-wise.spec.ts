import { activate, activateBackward, affine } from "../../assembly/activation";
import { Activation } from "../../assembly/plan/ops";
import { combine } from "../../assembly/combine";
import { Arithmetic } from "../../assembly/plan/ops";
import { columnSums, reducePartials } from "../../assembly/reduce";
import { exp4, log4, sigmoid4, tanh4 } from "../../assembly/simd/math";
import { at, blank, eighths, floats, mismatches, strays } from "./buffers";

/** Each lane of a vector function against double precision, in units in the last place. fn: 0 exp, 1 log, 2 tanh, 3 sigmoid. */
function worstUlps(fn: i32, first: f32, step: f32, count: i32): f64 {
  const out = blank(4);
  let worst: f64 = 0;
  for (let i = 0; i < count; i++) {
    const x = first + <f32>i * step;
    const v = f32x4(x, -x, x / 3, x / 7);
    const lanes = floats([x, -x, x / 3, x / 7]);
    const y = fn == 0 ? exp4(v) : fn == 1 ? log4(f32x4.abs(v)) : fn == 2 ? tanh4(v) : sigmoid4(v);
    v128.store(out, y);
    for (let lane = 0; lane < 4; lane++) {
      const a = at(lanes, lane);
      const exact = fn == 0 ? Math.exp(a) : fn == 1 ? Math.log(Math.abs(a)) : fn == 2 ? Math.tanh(a) : 1 / (1 + Math.exp(-a));
      const unit = Math.pow(2, Math.max(Math.floor(Math.log2(Math.abs(exact))), -126) - 23);
      worst = Math.max(worst, Math.abs(at(out, lane) - exact) / unit);
    }
    heap.free(lanes - 64);
  }
  return worst;
}

function checkActivation(count: i32, kind: i32): i32 {
  const x = eighths(count, 1), dy = eighths(count, 2), y = blank(count), dx = blank(count);
  activate(y, x, count, kind);
  activateBackward(dx, dy, y, count, kind);
  const expected = new StaticArray<f64>(count), gradient = new StaticArray<f64>(count);
  for (let i = 0; i < count; i++) {
    const v = at(x, i);
    const f = kind == Activation.relu ? Math.max(v, 0) : kind == Activation.tanh ? Math.tanh(v) : kind == Activation.sigmoid ? 1 / (1 + Math.exp(-v)) : v;
    const slope = kind == Activation.relu ? f64(v > 0) : kind == Activation.tanh ? 1 - f * f : kind == Activation.sigmoid ? f * (1 - f) : 1;
    expected[i] = f;
    gradient[i] = slope * at(dy, i);
  }
  return strays(y, expected, 3e-7) + strays(dx, gradient, 1e-6);
}

function checkSums(size: i32): i32 {
  const blockSize = 8, blocks = (size + 7) / 8, stride = size + 3, count = 3;
  const a = eighths(size, 3), b = eighths(size, 4), sum = blank(size), scaled = blank(size), partials = eighths(count * stride, 5), joined = blank(size);
  for (let block = 0; block < blocks; block++) {
    combine(block, 0, sum, a, b, size, size, blockSize, Arithmetic.add);
    affine(block, 0, scaled, a, size, blockSize, -2, 0.5);
    reducePartials(block, 0, joined, partials, size, count, stride, blockSize);
  }
  const both = new StaticArray<f64>(size), line = new StaticArray<f64>(size), column = new StaticArray<f64>(size);
  for (let i = 0; i < size; i++) {
    both[i] = at(a, i) + at(b, i);
    line[i] = -2 * at(a, i) + 0.5;
    for (let p = 0; p < count; p++) column[i] += at(partials, p * stride + i);
  }
  return mismatches(sum, both) + mismatches(scaled, line) + mismatches(joined, column);
}

function checkColumnSums(rows: i32, columns: i32, blockRows: i32): i32 {
  const blocks = (rows + blockRows - 1) / blockRows;
  const x = eighths(rows * columns, 6), partials = blank(blocks * columns);
  for (let block = 0; block < blocks; block++) columnSums(block, 0, partials, x, rows, columns, blockRows);
  const expected = new StaticArray<f64>(blocks * columns);
  for (let i = 0; i < rows * columns; i++) expected[(i / columns / blockRows) * columns + (i % columns)] += at(x, i);
  return mismatches(partials, expected);
}

describe("vector functions", () => {
  test("stay within their stated error", () => {
    expect(worstUlps(0, 0.01, 0.173, 500)).toBeLessThanOrEqual(1, "exp");
    expect(worstUlps(1, 0.001, 0.37, 1000)).toBeLessThanOrEqual(0.96, "log");
    expect(worstUlps(2, 0.001, 0.0173, 600)).toBeLessThanOrEqual(2.6, "tanh");
    expect(worstUlps(3, 0.001, 0.173, 600)).toBeLessThanOrEqual(2.6, "sigmoid");
  });

  test("know the special values in every lane", () => {
    const out = blank(4);
    v128.store(out, exp4(f32x4(NaN, Infinity, -Infinity, 0)));
    expect(isNaN(at(out, 0)) && at(out, 1) == Infinity && at(out, 2) == 0 && at(out, 3) == 1).toBe(true, "exp");
    v128.store(out, log4(f32x4(-1, Infinity, 0, 1)));
    expect(isNaN(at(out, 0)) && at(out, 1) == Infinity && at(out, 2) == -Infinity && at(out, 3) == 0).toBe(true, "log");
    v128.store(out, tanh4(f32x4(NaN, Infinity, -Infinity, 0)));
    expect(isNaN(at(out, 0)) && at(out, 1) == 1 && at(out, 2) == -1 && at(out, 3) == 0).toBe(true, "tanh");
    v128.store(out, sigmoid4(f32x4(NaN, Infinity, -Infinity, 0)));
    expect(isNaN(at(out, 0)) && at(out, 1) == 1 && at(out, 2) == 0 && at(out, 3) == 0.5).toBe(true, "sigmoid");
  });
});

describe("element by element", () => {
  test("activations, forward and backward", () => {
    for (let count = 1; count <= 13; count++) {
      for (let kind = 0; kind < 4; kind++) expect(checkActivation(count, kind)).toBe(0, `${count} values, activation ${kind}`);
    }
  });

  test("sums, lines and partial sums, in blocks", () => {
    for (let size = 1; size <= 19; size++) expect(checkSums(size)).toBe(0, `${size} values`);
  });

  test("sums of columns, in blocks of rows", () => {
    for (let columns = 1; columns <= 9; columns++) {
      expect(checkColumnSums(7, columns, 3)).toBe(0, `${columns} columns`);
      expect(checkColumnSums(1, columns, 1)).toBe(0, `${columns} columns of one row`);
    }
  });
});
