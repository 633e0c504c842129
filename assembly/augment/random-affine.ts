import { Fill } from "../plan/ops";
import { drawWords, uniform } from "./draw";

const PI: f64 = 3.141592653589793;

/** Taylor series of cosine (first = 0) or sine (first = 1) for |x| <= pi/4. */
function taylor(x: f64, first: i32): f64 {
  const square = x * x;
  let sum: f64 = 0;
  for (let n = 18 + first; n >= first + 2; n -= 2) sum = (-square * (1 + sum)) / <f64>(n * (n - 1));
  return (first == 1 ? x : 1.0) * (1 + sum);
}

/** As in src/numerics.ts. */
function cosineOfTurns(turns: f64): f64 {
  let t = turns - Math.floor(turns);
  if (t > 0.5) t = 1 - t;
  if (t > 0.25) return -cosineOfTurns(0.5 - t);
  return t > 0.125 ? taylor((0.25 - t) * 2 * PI, 1) : taylor(t * 2 * PI, 0);
}

/** The row or column that stands for one outside, or -1 for the fill value. */
function within(at: i32, size: i32, fill: i32): i32 {
  if (<u32>at < <u32>size) return at;
  if (fill == Fill.constant) return -1;
  if (fill == Fill.nearest) return at < 0 ? 0 : size - 1;
  const period = fill == Fill.wrap ? size : 2 * size;
  let rest = at % period;
  if (rest < 0) rest += period;
  return rest < size ? rest : period - 1 - rest; // reflect: d c b a | a b c d | d c b a
}

// How an image is turned and moved: output (h, w) shows what the input has at (h, w) turned back about the middle and moved back.
let cosine: f64 = 1;
let sine: f64 = 0;
let down: f64 = 0;
let right: f64 = 0;

// The four input pixels (their byte offsets in the image, or -1) between which an output pixel lies, and how far.
let offset00: i32 = 0;
let offset01: i32 = 0;
let offset10: i32 = 0;
let offset11: i32 = 0;
let shareH: f32 = 0;
let shareW: f32 = 0;

function drawImage(
  scratch: usize, block: i32, state: usize, height: i32, width: i32, turnsLow: f32, turnsHigh: f32, downLow: f32, downHigh: f32, rightLow: f32, rightHigh: f32,
  key0: i32, key1: i32,
): void {
  drawWords(scratch, key0, key1, block, state);
  const turns = uniform(scratch, 0, turnsLow, turnsHigh);
  cosine = cosineOfTurns(turns);
  sine = cosineOfTurns(turns - 0.25);
  down = uniform(scratch, 1, downLow, downHigh) * <f64>height;
  right = uniform(scratch, 2, rightLow, rightHigh) * <f64>width;
}

function locate(h: i32, w: i32, height: i32, width: i32, pixel: i32, fill: i32): void {
  const middleH = <f64>(height - 1) / 2, middleW = <f64>(width - 1) / 2;
  const fromH = <f64>h - down - middleH, fromW = <f64>w - right - middleW;
  const y = sine * fromW + cosine * fromH + middleH, x = cosine * fromW - sine * fromH + middleW;
  const floorH = Math.floor(y), floorW = Math.floor(x);
  const top = <i32>floorH, left = <i32>floorW;
  shareH = <f32>(y - floorH);
  shareW = <f32>(x - floorW);
  const row0 = within(top, height, fill), row1 = within(top + 1, height, fill);
  const column0 = within(left, width, fill), column1 = within(left + 1, width, fill);
  offset00 = (row0 | column0) < 0 ? -1 : (row0 * width + column0) * pixel;
  offset01 = (row0 | column1) < 0 ? -1 : (row0 * width + column1) * pixel;
  offset10 = (row1 | column0) < 0 ? -1 : (row1 * width + column0) * pixel;
  offset11 = (row1 | column1) < 0 ? -1 : (row1 * width + column1) * pixel;
}

// @ts-ignore: decorator
@inline
function valueAt(image: usize, offset: i32, channel: usize, fillValue: f32): f32 {
  return offset < 0 ? fillValue : load<f32>(image + <usize>offset + channel);
}

/**
 * Op: each image turned about its middle (counter-clockwise) and moved (down, right), by amounts that depend on (key, step, image) alone; between
 * pixels values are bilinear.
 *
 * y, x: [batch, height, width, channels]; turns in [turnsLow, turnsHigh) full turns; moves as shares of height and width. A block is an image.
 * scratch: of the generator.
 */
export function randomAffine(
  block: i32, scratch: usize, y: usize, x: usize, state: usize, height: i32, width: i32, channels: i32, fill: i32, fillValue: f32,
  turnsLow: f32, turnsHigh: f32, downLow: f32, downHigh: f32, rightLow: f32, rightHigh: f32, key0: i32, key1: i32,
): void {
  drawImage(scratch, block, state, height, width, turnsLow, turnsHigh, downLow, downHigh, rightLow, rightHigh, key0, key1);
  const pixel = channels << 2;
  const image = x + <usize>block * <usize>(height * width * pixel);
  let target = y + <usize>block * <usize>(height * width * pixel);
  for (let h = 0; h < height; h++) {
    for (let w = 0; w < width; w++) {
      locate(h, w, height, width, pixel, fill);
      for (let channel: usize = 0; channel < <usize>pixel; channel += 4) {
        const upper = valueAt(image, offset00, channel, fillValue) * (1 - shareW) + valueAt(image, offset01, channel, fillValue) * shareW;
        const lower = valueAt(image, offset10, channel, fillValue) * (1 - shareW) + valueAt(image, offset11, channel, fillValue) * shareW;
        store<f32>(target + channel, upper * (1 - shareH) + lower * shareH);
      }
      target += pixel;
    }
  }
}

// @ts-ignore: decorator
@inline
function give(image: usize, offset: i32, channel: usize, value: f32): void {
  if (offset >= 0) store<f32>(image + <usize>offset + channel, load<f32>(image + <usize>offset + channel) + value);
}

/** Op: the adjoint of randomAffine with the same draws: each output pixel's gradient goes to the pixels it was made of. Shapes as there; scratch: of the generator. */
export function randomAffineBackward(
  block: i32, scratch: usize, dx: usize, dy: usize, state: usize, height: i32, width: i32, channels: i32, fill: i32,
  turnsLow: f32, turnsHigh: f32, downLow: f32, downHigh: f32, rightLow: f32, rightHigh: f32, key0: i32, key1: i32,
): void {
  drawImage(scratch, block, state, height, width, turnsLow, turnsHigh, downLow, downHigh, rightLow, rightHigh, key0, key1);
  const pixel = channels << 2;
  const bytes = <usize>(height * width * pixel);
  const image = dx + <usize>block * bytes;
  let source = dy + <usize>block * bytes;
  memory.fill(image, 0, bytes);
  for (let h = 0; h < height; h++) {
    for (let w = 0; w < width; w++) {
      locate(h, w, height, width, pixel, fill);
      for (let channel: usize = 0; channel < <usize>pixel; channel += 4) {
        const gradient = load<f32>(source + channel);
        const upper = gradient * (1 - shareH), lower = gradient * shareH;
        give(image, offset00, channel, upper * (1 - shareW));
        give(image, offset01, channel, upper * shareW);
        give(image, offset10, channel, lower * (1 - shareW));
        give(image, offset11, channel, lower * shareW);
      }
      source += pixel;
    }
  }
}
