import { Activation, Kernel } from "../../assembly/plan/ops";
import { fromLanes, toLanes, transpose } from "../../assembly/recurrent/lanes";
import { lanesBackwardKernel } from "../../assembly/recurrent/lanes-backward-kernel";
import { lanesForward } from "../../assembly/recurrent/lanes-forward";
import { simpleRnnBackward, simpleRnnForward } from "../../assembly/recurrent/simple-rnn";
import { at, blank, eighths, intact, mismatches, strays } from "./buffers";

const LANES: i32 = 4;

/** Index into lanes [groups][time][features][4]. */
function lane(n: i32, t: i32, f: i32, time: i32, features: i32): i32 {
  return (((n / LANES) * time + t) * features + f) * LANES + (n % LANES);
}

function checkLayout(batch: i32, time: i32, features: i32, first: i32, count: i32): i32 {
  const groups = (batch + LANES - 1) / LANES;
  const rows = eighths(batch * count * features, 1), back = blank(batch * count * features), lanes = blank(groups * time * features * LANES);
  for (let group = 0; group < groups; group++) {
    toLanes(group, 0, lanes, rows, batch, time, features, first, count);
    fromLanes(group, 0, back, lanes, batch, time, features, first, count);
  }
  const expected = new StaticArray<f64>(groups * time * features * LANES), original = new StaticArray<f64>(batch * count * features);
  for (let i = 0; i < original.length; i++) {
    original[i] = at(rows, i);
    expected[lane(i / (count * features), first + ((i / features) % count), i % features, time, features)] = at(rows, i);
  }
  return mismatches(lanes, expected) + mismatches(back, original);
}

/** y[t] = x[t] · w + bias for one lane of a group. */
function projection(x: usize, w: usize, bias: usize, i: i32, features: i32, units: i32): f64 {
  const step = i / (units * LANES), unit = (i / LANES) % units;
  let sum: f64 = bias == 0 ? 0 : at(bias, unit);
  for (let f = 0; f < features; f++) sum += at(x, (step * features + f) * LANES + (i % LANES)) * at(w, f * units + unit);
  return sum;
}

function checkForward(groups: i32, time: i32, features: i32, units: i32, blockSteps: i32): i32 {
  const x = eighths(groups * time * features * LANES, 2), w = eighths(features * units, 3), bias = eighths(units, 4);
  const y = blank(groups * time * units * LANES), scratch = blank(units * LANES);
  const blocks = ((groups + 1) / 2) * ((time + blockSteps - 1) / blockSteps);
  for (let block = 0; block < blocks; block++) lanesForward(block, scratch, y, x, w, bias, groups, time, features, units, blockSteps);
  const expected = new StaticArray<f64>(groups * time * units * LANES);
  for (let i = 0; i < expected.length; i++) expected[i] = projection(x, w, bias, i, features, units);
  return mismatches(y, expected) + i32(!intact(scratch, units * LANES));
}

function checkBackwardKernel(groups: i32, time: i32, features: i32, units: i32, shift: i32, blockSteps: i32): i32 {
  const x = eighths(groups * time * features * LANES, 5), dy = eighths(groups * time * units * LANES, 6);
  const perGroup = (time + blockSteps - 1) / blockSteps;
  const partials = blank(groups * perGroup * (features + 1) * units);
  const columns = min(features, units), panels = columns < Kernel.dotsLarge ? 0 : (columns + 1) / 2 * (8 * blockSteps + 16);
  const scratchLength = 44 + 20 * blockSteps + panels;
  const scratch = blank(scratchLength);
  for (let block = 0; block < groups * perGroup; block++) lanesBackwardKernel(block, scratch, partials, x, dy, time, features, units, shift, 1, blockSteps);
  const expected = new StaticArray<f64>(groups * perGroup * (features + 1) * units);
  for (let i = 0; i < expected.length; i++) {
    const block = i / ((features + 1) * units), f = (i / units) % (features + 1), u = i % units;
    const group = block / perGroup;
    for (let t = max((block % perGroup) * blockSteps, f == features ? 0 : shift); t < min((block % perGroup + 1) * blockSteps, time); t++) {
      for (let n = 0; n < LANES; n++) {
        const input: f64 = f == features ? 1 : at(x, ((group * time + t - shift) * features + f) * LANES + n);
        expected[i] += input * at(dy, ((group * time + t) * units + u) * LANES + n);
      }
    }
  }
  return mismatches(partials, expected) + i32(!intact(scratch, scratchLength));
}

function activated(x: f64, kind: i32): f64 {
  return kind == Activation.relu ? Math.max(x, 0) : kind == Activation.tanh ? Math.tanh(x) : kind == Activation.sigmoid ? 1 / (1 + Math.exp(-x)) : x;
}

function slope(y: f64, kind: i32): f64 {
  return kind == Activation.relu ? f64(y > 0) : kind == Activation.tanh ? 1 - y * y : kind == Activation.sigmoid ? y * (1 - y) : 1;
}

/** A recurrence there and back. One group after the other; within it, each lane is a sequence. */
function checkRecurrence(groups: i32, time: i32, units: i32, kind: i32): i32 {
  const length = groups * time * units * LANES, stride = units * LANES;
  const h = eighths(length, 7), input = eighths(length, 7), w = eighths(units * units, 8), wTransposed = blank(units * units);
  const dy = eighths(length, 9), d = blank(length);
  transpose(0, 0, wTransposed, w, units, units);
  for (let pair = 0; pair < (groups + 1) / 2; pair++) simpleRnnForward(pair, 0, h, w, 0, 0, 0, groups * LANES, time, units, kind);
  for (let pair = 0; pair < (groups + 1) / 2; pair++) simpleRnnBackward(pair, 0, d, dy, h, wTransposed, 0, 0, groups, time, units, kind);
  const expected = new StaticArray<f64>(length), gradient = new StaticArray<f64>(length);
  for (let i = 0; i < length; i++) {
    let sum = at(input, i);
    const before = i - (i % stride) - stride + (i % LANES), unit = (i / LANES) % units;
    if ((i / stride) % time > 0) for (let k = 0; k < units; k++) sum += expected[before + k * LANES] * at(w, k * units + unit);
    expected[i] = activated(sum, kind);
  }
  for (let i = length - 1; i >= 0; i--) {
    let sum = at(dy, i);
    const after = i - (i % stride) + stride + (i % LANES), unit = (i / LANES) % units;
    if ((i / stride) % time < time - 1) for (let k = 0; k < units; k++) sum += gradient[after + k * LANES] * at(w, unit * units + k);
    gradient[i] = sum * slope(expected[i], kind);
  }
  return strays(h, expected, 1e-6) + strays(d, gradient, 1e-5);
}

describe("lanes", () => {
  test("hold rows side by side, zeros where there are none", () => {
    for (let batch = 3; batch <= 17; batch += 2) {
      expect(checkLayout(batch, 3, 2, 0, 3)).toBe(0, `${batch} sequences`);
      expect(checkLayout(batch, 3, 5, 2, 1)).toBe(0, `last step of ${batch} sequences`);
    }
  });

  test("are multiplied step by step", () => {
    for (let units = 1; units <= 13; units++) expect(checkForward(1 + units % 3, 5, 1 + units % 4, units, 2)).toBe(0, `${units} units`);
  });

  test("give the gradients of a kernel and its bias, in blocks of steps", () => {
    for (let units = 1; units <= 5; units++) {
      for (let features = 1; features <= 9; features += 2) {
        expect(checkBackwardKernel(2, 5, features, units, 0, 2)).toBe(0, `${features} × ${units}`);
        expect(checkBackwardKernel(1, 5, features, units, 1, 3)).toBe(0, `${features} × ${units}, one step before`);
      }
    }
    expect(checkBackwardKernel(1, 4, 33, 32, 0, 3)).toBe(0, "rows packed side by side");
  });
});

describe("a simple recurrence", () => {
  test("runs over a sequence and back", () => {
    for (let units = 1; units <= 13; units += 2) {
      for (let kind = 0; kind < 4; kind++) expect(checkRecurrence(1 + units % 3, 4, units, kind)).toBe(0, `${units} units, activation ${kind}`);
    }
    expect(checkRecurrence(1, 1, 6, Activation.tanh)).toBe(0, "one step");
  });

  test("leaves nothing in lanes without a sequence, where it might grow without bound", () => {
    const units = 2, time = 3, batch = 7;
    const h = eighths(2 * time * units * LANES, 10), w = eighths(units * units, 11);
    simpleRnnForward(0, 0, h, w, 0, 0, 0, batch, time, units, Activation.linear);
    let zeros = 0;
    for (let i = 0; i < time * units; i++) {
      for (let n = batch - LANES; n < LANES; n++) if (at(h, (time * units + i) * LANES + n) == 0) zeros++;
    }
    expect(zeros).toBe(time * units * (2 * LANES - batch));
  });
});
