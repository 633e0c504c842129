// The convolution of a pooling's windows by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, "Fast algorithms for convolutional neural
// networks", 2016): a window's four outputs come from 16 products, where the plain sum takes 36.
//
//   y = Aᵀ [ Σ over channels (G g Gᵀ) ⊙ (Bᵀ d B) ] A      g: [3, 3] filter; d: [4, 4] patch of the input; y: [2, 2] window
//
//        1  0 -1  0        1  0  0
//   Bᵀ = 0  1  1  0    G = ½  ½  ½    Aᵀ = 1  1  1  0
//        0 -1  1  0        ½ -½  ½         0  1 -1  1
//        0 -1  0  1        0  0  1
//
// Everything is exact but the sums.
import { loadStrided, multiplyAdd } from "../simd/lanes";
import { TILE_COLUMNS } from "../gemm/tile";

/** filters: [ceil(outC / 8)][inC][4][4][8] = G g Gᵀ; panels: [ceil(outC / 8)][3][3][inC][8]. Returns the bytes written. */
export function transformFilters(filters: usize, panels: usize, inC: i32, outC: i32): usize {
  const start = filters, tap = (<usize>inC) << 5;
  for (let column = 0; column < outC; column += TILE_COLUMNS) {
    for (let c = 0; c < inC; c++) {
      for (let half: usize = 0; half < 32; half += 16) {
        const u = filters + half, g = panels + half;
        for (let j: usize = 0; j < 3; j++) filterLine(u + (j << 5), 128, g + j * tap, 3 * tap);
        for (let i: usize = 0; i < 4; i++) filterLine(u + (i << 7), 32, u + (i << 7), 32);
      }
      panels += 32;
      filters += 512;
    }
    panels += 8 * tap;
  }
  return filters - start;
}

/** One line of G g: four vectors from three. */
function filterLine(out: usize, outStep: usize, g: usize, step: usize): void {
  const half = f32x4.splat(0.5);
  const g0 = v128.load(g), g1 = f32x4.mul(half, v128.load(g + step)), g2 = v128.load(g + 2 * step);
  const even = f32x4.mul(half, f32x4.add(g0, g2));
  v128.store(out, g0);
  v128.store(out + outStep, f32x4.add(even, g1));
  v128.store(out + 2 * outStep, f32x4.sub(even, g1));
  v128.store(out + 3 * outStep, g2);
}

/** patches: [count][inC][4][4] = Bᵀ d B of the windows from window `first` on; x, pooledW, width: as gatherWindows has them. */
export function transformWindows(patches: usize, x: usize, first: i32, count: i32, pooledW: i32, width: i32, inC: i32): void {
  const pixel = (<usize>inC) << 2, row = <usize>width * pixel;
  for (let window = first; window < first + count; window++) {
    let d = x + <usize>(window / pooledW * 2) * row + <usize>(window % pooledW * 2) * pixel;
    for (let c = 0; c < inC; c++) {
      const d0 = loadStrided(d, pixel), d1 = loadStrided(d + row, pixel);
      const d2 = loadStrided(d + 2 * row, pixel), d3 = loadStrided(d + 3 * row, pixel);
      v128.store(patches, acrossLine(f32x4.sub(d0, d2)));
      v128.store(patches, acrossLine(f32x4.add(d1, d2)), 16);
      v128.store(patches, acrossLine(f32x4.sub(d2, d1)), 32);
      v128.store(patches, acrossLine(f32x4.sub(d3, d1)), 48);
      patches += 64;
      d += 4;
    }
  }
}

/** Bᵀ d of the four lanes. */
// @ts-ignore: decorator
@inline
function acrossLine(d: v128): v128 {
  return f32x4.add(d, v128.xor(v128.shuffle<i32>(d, d, 2, 2, 1, 1), i32x4(i32.MIN_VALUE, 0, i32.MIN_VALUE, i32.MIN_VALUE)));
}

/** sums: [count][4][2][8] = Aᵀ Σ over channels u ⊙ d; what A does from the right, `tileMaximum` does; d: [count][inC][4][4]; u: [inC][4][4][8]. */
export function windowSums(sums: usize, d: usize, u: usize, inC: i32, count: i32): void {
  const windowBytes = (<usize>inC) << 6;
  for (let c = 0; c < inC; c++) {
    for (let j: usize = 0; j < 4; j++) tileWindowColumn(sums + (j << 6), d + (j << 2), windowBytes, u + (j << 5), count, c > 0);
    d += 64;
    u += 512;
  }
}

/** One column of one channel: sums [2][8] (+)= Aᵀ (u ⊙ d) of each window, 256 bytes apart; d: [4], windows `windowBytes` apart; u: [4][8]. */
export function tileWindowColumn(sums: usize, d: usize, windowBytes: usize, u: usize, count: i32, add: bool): void {
  const u0 = v128.load(u), u1 = v128.load(u, 128), u2 = v128.load(u, 256), u3 = v128.load(u, 384);
  const v0 = v128.load(u, 16), v1 = v128.load(u, 144), v2 = v128.load(u, 272), v3 = v128.load(u, 400);
  if (count > 0) {
    if (add) {
      do {
        columnSums(sums, d, u0, u1, u2, u3, true);
        columnSums(sums + 16, d, v0, v1, v2, v3, true);
        sums += 256;
        d += windowBytes;
      } while (--count > 0);
    } else {
      do {
        columnSums(sums, d, u0, u1, u2, u3, false);
        columnSums(sums + 16, d, v0, v1, v2, v3, false);
        sums += 256;
        d += windowBytes;
      } while (--count > 0);
    }
  }
}

// @ts-ignore: decorator
@inline
function columnSums(sums: usize, d: usize, u0: v128, u1: v128, u2: v128, u3: v128, add: bool): void {
  const p = f32x4.mul(v128.load32_splat(d, 16), u1), q = f32x4.mul(v128.load32_splat(d, 32), u2);
  let above = multiplyAdd(f32x4.add(p, q), v128.load32_splat(d), u0);
  if (add) above = f32x4.add(above, v128.load(sums));
  let below = multiplyAdd(f32x4.sub(p, q), v128.load32_splat(d, 48), u3);
  if (add) below = f32x4.add(below, v128.load(sums, 32));
  v128.store(sums, above);
  v128.store(sums, below, 32);
}
