import { activationBackward } from "../../assembly/activation";
import { conv2dBackwardFilter } from "../../assembly/conv2d/backward-filter";
import { conv2dBackwardInput } from "../../assembly/conv2d/backward-input";
import { conv2dForward } from "../../assembly/conv2d/forward";
import { conv2dMaxPoolBackwardFilter } from "../../assembly/conv2d/pooled-backward-filter";
import { conv2dMaxPoolBackwardInput } from "../../assembly/conv2d/pooled-backward-input";
import { conv2dMaxPoolForward } from "../../assembly/conv2d/pooled-forward";
import { packPanels } from "../../assembly/gemm/panels";
import { maxPoolBackward } from "../../assembly/pool2d/max-backward";
import { maxPoolForward } from "../../assembly/pool2d/max-forward";
import { columnSums } from "../../assembly/reduce";
import { Activation } from "../../assembly/plan/ops";
import { at, blank, eighths, mismatches } from "./buffers";

const BATCH = 2;

/** The numbers of a buffer, for `mismatches`. */
function numbers(buffer: usize, length: i32): StaticArray<f64> {
  const values = new StaticArray<f64>(length);
  for (let i = 0; i < length; i++) values[i] = at(buffer, i);
  return values;
}

/** All passes over square images, kernel and padding, as one and by the ops it stands for: sums of eighths are exact, so they must be equal. */
function check(size: i32, inC: i32, outC: i32, kernel: i32, stride: i32, pad: i32, relu: i32, winograd: i32 = 0): i32 {
  const out = (size + 2 * pad - kernel) / stride + 1, pooled = out / 2;
  const patch = kernel * kernel * inC;
  const xLength = BATCH * size * size * inC, mapLength = BATCH * out * out * outC, yLength = BATCH * pooled * pooled * outC;
  const x = eighths(xLength, 1), filter = eighths(patch * outC, 2), bias = eighths(outC, 3), dy = eighths(yLength, 4);
  const panels = blank((outC + 7) / 8 * 8 * patch), taps = blank(kernel * kernel * ((inC + 7) / 8) * 8 * outC);
  for (let block = 0; block < (outC + 7) / 8; block++) packPanels(block, 0, panels, filter, patch, outC, outC, 1, 0);
  for (let block = 0; block < kernel * kernel * ((inC + 7) / 8); block++) packPanels(block, 0, taps, filter, outC, inC, 1, outC, inC * outC);
  const scratch = blank(20000 + 200 * patch + mapLength + 4 * (size + 9) * (size + 9) * inC + patch * outC * 4);

  const map = blank(mapLength), dMap = blank(mapLength), y = blank(yLength), argmax = blank(yLength);
  const dx = blank(xLength), dFilter = blank(patch * outC), dBias = blank(outC);
  conv2dForward(0, scratch, map, x, panels, bias, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH, 1, 1, 1, relu);
  for (let n = 0; n < BATCH; n++) {
    maxPoolForward(n, 0, y, argmax, map, out, out, outC, pooled, pooled, 2, 2, 2, 2, 0, 0);
    maxPoolBackward(n, 0, dMap, dy, argmax, out, out, outC, pooled, pooled, 2, 2, 2, 2, 0, 0);
  }
  if (relu) activationBackward(0, 0, dMap, dMap, map, mapLength, mapLength, Activation.relu);
  conv2dBackwardInput(0, scratch, dx, dMap, taps, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH, 1, 1, 1);
  conv2dBackwardFilter(0, scratch, dFilter, x, dMap, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH, 1, 1, 1);
  columnSums(0, 0, dBias, dMap, BATCH * out * out, outC, BATCH * out * out);

  const y1 = blank(yLength), winners = blank((yLength + 3) / 4), y0 = blank(yLength), dx1 = blank(xLength), partial = blank((patch + 1) * outC);
  conv2dMaxPoolForward(
    0, scratch, y1, winners, x, panels, bias, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH, winograd, relu,
  );
  conv2dMaxPoolForward(
    0, scratch, y0, 0, x, panels, bias, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH, winograd, relu,
  );
  conv2dMaxPoolBackwardInput(
    0, scratch, dx1, dy, winners, taps, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH,
  );
  conv2dMaxPoolBackwardFilter(
    0, scratch, partial, x, dy, winners, BATCH, size, size, inC, out, out, outC, kernel, kernel, stride, stride, pad, pad, BATCH,
  );
  const gradient = new StaticArray<f64>((patch + 1) * outC);
  for (let i = 0; i < gradient.length; i++) gradient[i] = i < patch * outC ? at(dFilter, i) : at(dBias, i - patch * outC);
  return mismatches(y1, numbers(y, yLength)) + mismatches(y0, numbers(y, yLength)) + mismatches(dx1, numbers(dx, xLength)) + mismatches(partial, gradient);
}

describe("conv2d with max pooling", () => {
  test("gives what convolution, ReLU and pooling give one after the other", () => {
    for (let relu = 0; relu < 2; relu++) {
      expect(check(2, 1, 1, 1, 1, 0, relu)).toBe(0, `one window, ReLU ${relu}`);
      for (let winograd = 0; winograd < 2; winograd++) {
        expect(check(7, 1, 9, 3, 1, 0, relu, winograd)).toBe(0, `an odd output, ReLU ${relu}, Winograd ${winograd}`);
        expect(check(14, 1, 8, 3, 1, 0, relu, winograd)).toBe(0, `three bands, ReLU ${relu}, Winograd ${winograd}`);
        expect(check(6, 3, 5, 3, 1, 1, relu, winograd)).toBe(0, `padding, ReLU ${relu}, Winograd ${winograd}`);
      }
      expect(check(9, 5, 17, 2, 2, 0, relu)).toBe(0, `a stride, ReLU ${relu}`);
      expect(check(8, 10, 4, 5, 1, 2, relu)).toBe(0, `many taps, ReLU ${relu}`);
    }
  });
});
