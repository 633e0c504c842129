// Threefry-2x32, 20 rounds (Salmon et al., SC 2011), four counters at a time: the generator of src/random.ts in lanes.

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

// @ts-ignore: decorator
@inline
const PARITY: u32 = 0x1bd11bda;

/**
 * Two vectors of random words for counters (counter + lane, counter1), stored at `out` (first words) and `out + 16` (second words).
 */
export function threefry4(out: usize, key0: u32, key1: u32, counter0: u32, counter1: u32): void {
  const k0 = i32x4.splat(key0);
  const k1 = i32x4.splat(key1);
  const k2 = i32x4.splat(PARITY ^ key0 ^ key1);
  let x = i32x4.add(i32x4.add(i32x4.splat(counter0), i32x4(0, 1, 2, 3)), k0);
  let y = i32x4.add(i32x4.splat(counter1), k1);

  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  x = i32x4.add(x, k1); y = i32x4.add(y, i32x4.add(k2, i32x4.splat(1)));

  x = i32x4.add(x, y); y = v128.xor(rotate(y, 17), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 29), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 16), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 24), x);
  x = i32x4.add(x, k2); y = i32x4.add(y, i32x4.add(k0, i32x4.splat(2)));

  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  x = i32x4.add(x, k0); y = i32x4.add(y, i32x4.add(k1, i32x4.splat(3)));

  x = i32x4.add(x, y); y = v128.xor(rotate(y, 17), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 29), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 16), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 24), x);
  x = i32x4.add(x, k1); y = i32x4.add(y, i32x4.add(k2, i32x4.splat(4)));

  x = i32x4.add(x, y); y = v128.xor(rotate(y, 13), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 15), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 26), x);
  x = i32x4.add(x, y); y = v128.xor(rotate(y, 6), x);
  x = i32x4.add(x, k2); y = i32x4.add(y, i32x4.add(k0, i32x4.splat(5)));

  v128.store(out, x);
  v128.store(out, y, 16);
}
