// Threefry-2x32, 20 rounds (Salmon et al., SC 2011), eight counters at a time: the generator of src/random.ts in lanes. Each round waits for the one
// before it, so two chains of them take no more time than one.

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

// @ts-ignore: decorator
@inline
const PARITY: u32 = 0x1bd11bda;

/**
 * Random words for the counters (counter0 + i, counter1), i from 0 to 7, stored at `out`: four first words, the four second words, and those of the next four
 * counters.
 */
export function threefry8(out: usize, key0: u32, key1: u32, counter0: u32, counter1: u32): void {
  // the keys go round: the second and third are added after four rounds, the third and first after the next four
  let first = i32x4.splat(key0), second = i32x4.splat(key1), third = i32x4.splat(PARITY ^ key0 ^ key1);
  let x = i32x4.add(i32x4.add(i32x4.splat(counter0), i32x4(0, 1, 2, 3)), first), z = i32x4.add(x, i32x4.splat(4));
  let y = i32x4.add(i32x4.splat(counter1), second), w = y;

  for (let added = 1; ; added += 2) {
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 13), x); w = v128.xor(rotate(w, 13), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 15), x); w = v128.xor(rotate(w, 15), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 26), x); w = v128.xor(rotate(w, 26), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 6), x); w = v128.xor(rotate(w, 6), z);
    let counted = i32x4.add(third, i32x4.splat(added));
    x = i32x4.add(x, second); z = i32x4.add(z, second); y = i32x4.add(y, counted); w = i32x4.add(w, counted);
    if (added == 5) break;

    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 17), x); w = v128.xor(rotate(w, 17), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 29), x); w = v128.xor(rotate(w, 29), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 16), x); w = v128.xor(rotate(w, 16), z);
    x = i32x4.add(x, y); z = i32x4.add(z, w); y = v128.xor(rotate(y, 24), x); w = v128.xor(rotate(w, 24), z);
    counted = i32x4.add(first, i32x4.splat(added + 1));
    x = i32x4.add(x, third); z = i32x4.add(z, third); y = i32x4.add(y, counted); w = i32x4.add(w, counted);

    const last = third;
    third = second;
    second = first;
    first = last;
  }

  v128.store(out, x);
  v128.store(out, y, 16);
  v128.store(out, z, 32);
  v128.store(out, w, 48);
}
