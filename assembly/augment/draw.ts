import { threefry8 } from "../simd/random";
import { State } from "../plan/ops";

/** Eight random words for an image of a step, stored at `words`. */
// @ts-ignore: decorator
@inline
export function drawWords(words: usize, key0: i32, key1: i32, image: i32, state: usize): void {
  threefry8(words, key0, key1, <u32>image << 2, load<u32>(state + State.step));
}

/** Uniform in [low, high), by the upper 24 bits of a word. */
// @ts-ignore: decorator
@inline
export function uniform(words: usize, index: usize, low: f64, high: f64): f64 {
  return low + (high - low) * (<f64>(load<u32>(words + (index << 2)) >>> 8) * (1.0 / 16777216.0));
}

/** One of 0 … count - 1. */
// @ts-ignore: decorator
@inline
export function integerBelow(words: usize, index: usize, count: i32): i32 {
  return <i32>uniform(words, index, 0, <f64>count);
}
