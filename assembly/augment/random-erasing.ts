import { drawWords, integerBelow, uniform } from "./draw";

/** A rectangle's height is this to 1 / this times its width (Zhong et al., "Random erasing data augmentation", 2020). */
const RATIO: f64 = 0.3;

function side(area: f64, size: i32): i32 {
  const length = <i32>Math.floor(Math.sqrt(area) + 0.5);
  return length < 1 ? 1 : length > size ? size : length;
}

/**
 * Op: in an image, with a chance, a rectangle of random place, size and form is filled; all of it depends on (key, step, image) alone. With a fill
 * of 0 it is its own adjoint.
 *
 * y, x: [batch, height, width, channels]; the rectangle's area is in [scaleLow, scaleHigh) of the image's, as far as whole pixels allow. A block is
 * an image. scratch: of the generator.
 */
export function randomErasing(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, height: i32, width: i32, channels: i32, chance: f32, scaleLow: f32, scaleHigh: f32,
  fillValue: f32, key0: i32, key1: i32,
): void {
  const row = (<usize>(width * channels)) << 2;
  const image = <usize>(block * height) * row;
  memory.copy(y + image, x + image, <usize>height * row);
  drawWords(scratch, key0, key1, block, state);
  if (uniform(scratch, 0, 0, 1) >= <f64>chance) return;
  const area = uniform(scratch, 1, scaleLow, scaleHigh) * <f64>(height * width);
  const ratio = uniform(scratch, 2, RATIO, 1 / RATIO);
  const rows = side(area * ratio, height), columns = side(area / ratio, width);
  const top = integerBelow(scratch, 3, height - rows + 1), left = integerBelow(scratch, 4, width - columns + 1);
  const end = (<usize>(columns * channels)) << 2;
  for (let h = top; h < top + rows; h++) {
    const first = y + image + <usize>h * row + ((<usize>(left * channels)) << 2);
    for (let at: usize = 0; at < end; at += 4) store<f32>(first + at, fillValue);
  }
}
