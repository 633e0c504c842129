import { dropout } from "../../assembly/dropout";
import { dropoutSteps } from "../../assembly/recurrent/dropout-steps";
import { State } from "../../assembly/plan/ops";
import { threefry8 } from "../../assembly/simd/random";
import { at, blank, eighths, intact, mismatches } from "./buffers";

/** The two words for one counter, from lane 0. */
function words(key0: u32, key1: u32, counter0: u32, counter1: u32): u32[] {
  const out = blank(16);
  threefry8(out, key0, key1, counter0, counter1);
  return [load<u32>(out), load<u32>(out, 16)];
}

const KEY0: u32 = 0x13198a2e, KEY1: u32 = 0x03707344, STEP: u32 = 5;
const THRESHOLD: i32 = 0x500000; // of 2^24

/** The factor that dropout gives an element: 2, or 0 where its 16 random bits are below the threshold. */
function factor(element: i32): f64 {
  const pair = words(KEY0, KEY1, 4 * (element / 16) + (element / 2) % 4, STEP);
  return i32((pair[(element / 8) % 2] >> (16 * (element % 2))) & 0xffff) >= THRESHOLD >> 8 ? 2 : 0;
}

/** The factor of a sequence and feature: 2, or 0 where its random word is below the threshold. */
function stepsFactor(element: i32): f64 {
  const pair = words(KEY0, KEY1, 4 * (element / 8) + (element % 4), STEP);
  return i32(pair[(element / 4) % 2] >> 8) >= THRESHOLD ? 2 : 0;
}

function stateOf(step: u32): usize {
  const state = blank(16);
  store<u32>(state + State.step, step);
  return state;
}

function checkDropout(size: i32, blockSize: i32): i32 {
  const x = eighths(size, 1), y = blank(size), scratch = blank(16), state = stateOf(STEP);
  for (let block = 0; block * blockSize < size; block++) dropout(block, scratch, y, 0, x, state, size, blockSize, KEY0, KEY1, THRESHOLD >> 8, 2);
  const expected = new StaticArray<f64>(size);
  for (let i = 0; i < size; i++) expected[i] = at(x, i) * factor(i);
  return mismatches(y, expected) + i32(!intact(scratch, 16));
}

function checkDropoutSteps(groups: i32, time: i32, features: i32): i32 {
  const length = groups * time * features * 4;
  const x = eighths(length, 2), y = blank(length), scratch = blank(16 + 4 * features), state = stateOf(STEP);
  for (let group = 0; group < groups; group++) dropoutSteps(group, scratch, y, x, state, time, features, KEY0, KEY1, THRESHOLD, 2);
  const expected = new StaticArray<f64>(length);
  for (let i = 0; i < length; i++) {
    const group = i / (time * features * 4), feature = (i / 4) % features;
    expected[i] = at(x, i) * stepsFactor(((group / 2) * features + feature) * 8 + (group % 2) * 4 + (i % 4));
  }
  return mismatches(y, expected) + i32(!intact(scratch, 16 + 4 * features));
}

describe("threefry8", () => {
  test("gives the known answers of Random123", () => {
    expect(words(0, 0, 0, 0)).toStrictEqual([0x6b200159, 0x99ba4efe]);
    expect(words(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)).toStrictEqual([0x1cb996fc, 0xbb002be7]);
    expect(words(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toStrictEqual([0xc4923a9c, 0x483df7a0]);
  });

  test("counts up from lane to lane", () => {
    const out = blank(16);
    threefry8(out, 1, 2, 0xfffffffe, 9); // over the end of 32 bits
    for (let lane = 0; lane < 8; lane++) {
      const alone = words(1, 2, 0xfffffffe + lane, 9), first = out + (<usize>(lane / 4) << 5) + (<usize>(lane % 4) << 2);
      expect(load<u32>(first)).toBe(alone[0], `lane ${lane}`);
      expect(load<u32>(first, 16)).toBe(alone[1], `lane ${lane}`);
    }
  });
});

describe("dropout", () => {
  test("drops what the generator says, in any blocks", () => {
    for (let size = 1; size <= 36; size++) {
      expect(checkDropout(size, 16)).toBe(0, `${size} values`);
      expect(checkDropout(size, 32)).toBe(0, `${size} values in larger blocks`);
    }
  });

  test("holds one mask a sequence for all its steps", () => {
    for (let features = 1; features <= 9; features++) expect(checkDropoutSteps(3, 3, features)).toBe(0, `${features} features`);
  });
});
