import { sumLanes } from "../simd/lanes";

/** Features and units of a register tile: 8 accumulators, 4 of x, 2 of dy, 1 product fill V8's 15 registers. */
const TILE_FEATURES: i32 = 4;
const TILE_UNITS: i32 = 2;
const ACCUMULATOR_BYTES: usize = 8 * 16;
/** Steps whose x and dy are used by all tiles while they are in a near cache. */
const CHUNK: i32 = 32;

/** acc[f][u] += Σ x[t][f] · dy[t][u] lane by lane for one half of the lanes; acc: [4][2] vectors. Exported to stay out of line. */
export function tileDots(acc: usize, x: usize, xStep: usize, dy: usize, dyStep: usize, steps: i32): void {
  let a0 = v128.load(acc), b0 = v128.load(acc, 16);
  let a1 = v128.load(acc, 32), b1 = v128.load(acc, 48);
  let a2 = v128.load(acc, 64), b2 = v128.load(acc, 80);
  let a3 = v128.load(acc, 96), b3 = v128.load(acc, 112);
  if (steps > 0) {
    do {
      const d0 = v128.load(dy), d1 = v128.load(dy, 32);
      let v = v128.load(x);
      a0 = f32x4.add(a0, f32x4.mul(v, d0)); b0 = f32x4.add(b0, f32x4.mul(v, d1));
      v = v128.load(x, 32);
      a1 = f32x4.add(a1, f32x4.mul(v, d0)); b1 = f32x4.add(b1, f32x4.mul(v, d1));
      v = v128.load(x, 64);
      a2 = f32x4.add(a2, f32x4.mul(v, d0)); b2 = f32x4.add(b2, f32x4.mul(v, d1));
      v = v128.load(x, 96);
      a3 = f32x4.add(a3, f32x4.mul(v, d0)); b3 = f32x4.add(b3, f32x4.mul(v, d1));
      x += xStep;
      dy += dyStep;
    } while (--steps > 0);
  }
  v128.store(acc, a0); v128.store(acc, b0, 16);
  v128.store(acc, a1, 32); v128.store(acc, b1, 48);
  v128.store(acc, a2, 64); v128.store(acc, b2, 80);
  v128.store(acc, a3, 96); v128.store(acc, b3, 112);
}

/**
 * Op: gradient of a kernel applied at every step, and of its bias, one partial sum a block, joined by `reducePartials`.
 *
 * partials: [blocks][features + 1][units]: Σ x[t - shift][f] · dy[t][u], and in the last row Σ dy[t][u] over the same steps; x: lanes
 * [groups][time][features][8]; dy: lanes [groups][time][units][8]. shift: 1 for a recurrent kernel, whose x is the layer's own output one
 * step before; 0 else. A block is `blockSteps` steps of a group. scratch: accumulators [ceil(features / 4)][ceil(units / 2)][4][2] vectors.
 */
export function lanesBackwardKernel(
  block: i32, scratch: usize, partials: usize, x: usize, dy: usize, time: i32, features: i32, units: i32, shift: i32, blockSteps: i32,
): void {
  const perGroup = (time + blockSteps - 1) / blockSteps;
  const group = block / perGroup;
  const first = max((block % perGroup) * blockSteps, shift);
  const end = min((block % perGroup + 1) * blockSteps, time);
  const xStep = (<usize>features) << 5, dyStep = (<usize>units) << 5;
  const tiles = ((features + TILE_FEATURES - 1) / TILE_FEATURES) * ((units + TILE_UNITS - 1) / TILE_UNITS);
  memory.fill(scratch, 0, <usize>tiles * ACCUMULATOR_BYTES);
  const out = partials + ((<usize>block * <usize>((features + 1) * units)) << 2);
  const biasOut = out + ((<usize>(features * units)) << 2);

  for (let t = first; t < end; t += CHUNK) {
    const steps = min(CHUNK, end - t);
    const source = x + <usize>(group * time + t - shift) * xStep;
    const gradient = dy + <usize>(group * time + t) * dyStep;
    let acc = scratch;
    for (let f = 0; f < features; f += TILE_FEATURES) {
      for (let u = 0; u < units; u += TILE_UNITS) {
        const xTile = source + ((<usize>f) << 5), dyTile = gradient + ((<usize>u) << 5);
        tileDots(acc, xTile, xStep, dyTile, dyStep, steps);
        tileDots(acc, xTile + 16, xStep, dyTile + 16, dyStep, steps);
        acc += ACCUMULATOR_BYTES;
      }
    }
  }
  storeSums(out, scratch, features, units);
  for (let u = 0; u < units; u++) {
    let sum = f32x4.splat(0);
    for (let t = first; t < end; t++) {
      const at = dy + <usize>(group * time + t) * dyStep + ((<usize>u) << 5);
      sum = f32x4.add(sum, f32x4.add(v128.load(at), v128.load(at, 16)));
    }
    store<f32>(biasOut + ((<usize>u) << 2), sumLanes(sum));
  }
}

/** out [features][units] = the lane sums of the accumulators. */
function storeSums(out: usize, acc: usize, features: i32, units: i32): void {
  for (let f = 0; f < features; f += TILE_FEATURES) {
    for (let u = 0; u < units; u += TILE_UNITS) {
      for (let i = 0; i < min(TILE_FEATURES, features - f); i++) {
        for (let j = 0; j < min(TILE_UNITS, units - u); j++) {
          const sum = sumLanes(v128.load(acc + ((<usize>(i * TILE_UNITS + j)) << 4)));
          store<f32>(out + ((<usize>((f + i) * units + u + j)) << 2), sum);
        }
      }
      acc += ACCUMULATOR_BYTES;
    }
  }
}
