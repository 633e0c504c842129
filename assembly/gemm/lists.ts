// Lists of the elements of a row that are not zero, made without a branch on any of them.
//
//   [end of the list, 16 bytes][places, room for DEPTH and a vector][values, the same]
//
// The place of element i is i · PLACE; its value stands LISTED_VALUES bytes further.
import { selectBytes } from "../simd/lanes";
import { Kernel } from "../plan/ops";

export const PLACE: usize = (<usize>Kernel.sparseColumns) << 2;
/** Bytes from the place of an element to its value. */
export const LISTED_VALUES: usize = ((<usize>Kernel.sparseDepth) << 2) + 16;
/** Bytes before the places. */
export const HEAD: usize = 16;
export const LIST_BYTES: usize = HEAD + 2 * LISTED_VALUES;
export const CHOICES_BYTES: usize = 256;

/** choices: [16][4 lanes]: for each set of lanes, as bits, the bytes that bring those to the front. */
export function fillChoices(choices: usize): void {
  for (let lanes = 0; lanes < 16; lanes++) {
    v128.store(choices, i32x4.splat(-1)); // bytes of no lane: zeros
    for (let lane = 0, to = choices; lane < 4; lane++) {
      if ((lanes >> lane) & 1) {
        store<i32>(to, 0x03020100 + lane * 0x04040404);
        to += 4;
      }
    }
    choices += 16;
  }
}

/**
 * Lists the elements of `rows` rows of A that are not zero, four rows by four terms at a time; a: rows `stepM` bytes apart, terms `stepK`, one of the two 4.
 * Reads whole vectors, so up to three floats past the last. Writes lists of whole strips of four rows.
 */
export function listRows(lists: usize, choices: usize, a: usize, rows: i32, k: i32, stepM: usize, stepK: usize): void {
  const transposed = stepM == 4, step = transposed ? stepK : stepM;
  const lanes = i32x4(0, 1, 2, 3);
  for (; rows > 0; rows -= 4) {
    const list1 = lists + LIST_BYTES, list2 = list1 + LIST_BYTES, list3 = list2 + LIST_BYTES;
    let end0 = lists + HEAD, end1 = list1 + HEAD, end2 = list2 + HEAD, end3 = list3 + HEAD;
    let places = i32x4.mul(lanes, i32x4.splat(<i32>PLACE));
    for (let left = k, from = a; left > 0; left -= 4) {
      const lines = transposed ? left : rows; // what there is not, the first stands for
      let x0 = v128.load(from), x1 = v128.load(from + (lines > 1 ? step : 0));
      let x2 = v128.load(from + (lines > 2 ? 2 * step : 0)), x3 = v128.load(from + (lines > 3 ? 3 * step : 0));
      if (transposed) {
        const low01 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
        x0 = v128.shuffle<i64>(low01, low23, 0, 2);
        x1 = v128.shuffle<i64>(low01, low23, 1, 3);
        x2 = v128.shuffle<i64>(high01, high23, 0, 2);
        x3 = v128.shuffle<i64>(high01, high23, 1, 3);
      }
      const inside = i32x4.lt_s(lanes, i32x4.splat(left));
      end0 = append(end0, v128.and(x0, inside), places, choices);
      end1 = append(end1, v128.and(x1, inside), places, choices);
      end2 = append(end2, v128.and(x2, inside), places, choices);
      end3 = append(end3, v128.and(x3, inside), places, choices);
      places = i32x4.add(places, i32x4.splat(4 * <i32>PLACE));
      from += stepK << 2;
    }
    store<usize>(lists, end0);
    store<usize>(list1, end1);
    store<usize>(list2, end2);
    store<usize>(list3, end3);
    lists = list3 + LIST_BYTES;
    a += stepM << 2;
  }
}

/** Appends those of four terms whose value is not zero, NaN included. Returns the new end. */
// @ts-ignore: decorator
@inline
function append(end: usize, values: v128, places: v128, choices: usize): usize {
  const lanes = i32x4.bitmask(f32x4.ne(values, f32x4.splat(0)));
  const choice = v128.load(choices + ((<usize>lanes) << 4));
  v128.store(end, selectBytes(places, choice));
  v128.store(end, selectBytes(values, choice), LISTED_VALUES);
  return end + ((<usize>popcnt(lanes)) << 2);
}
