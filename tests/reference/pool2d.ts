import { convGeometry, type Padding } from './geometry.js';
import { requireShape, type Values } from './values.js';

export interface MaxPoolOptions {
  batch: number; // N
  height: number; // H
  width: number; // W
  channels: number; // C
  poolSize: readonly [number, number];
  strides?: readonly [number, number]; // default: poolSize, as in Keras
  padding?: Padding; // default 'valid'
  x: Values; // [N, H, W, C]
}

export interface MaxPoolResult {
  y: Float64Array; // [N, outH, outW, C]
  /** Where each maximum stands: an index into x as a whole. The same shape as y. */
  argmax: Int32Array;
}

/** The largest value of each window. In a tie the first in row-major order wins; padding never does. NaN is not treated. */
export function maxPoolForward(options: MaxPoolOptions): MaxPoolResult {
  const { batch, height, width, channels, poolSize, strides = poolSize, padding = 'valid', x } = options;
  requireShape('x', x, [batch, height, width, channels]);
  const geometry = convGeometry({ height, width, kernelSize: poolSize, strides, padding });
  const outputArea = geometry.outputHeight * geometry.outputWidth;
  const argmax = new Int32Array(batch * outputArea * channels).fill(-1);
  for (let n = 0; n < batch; n++) {
    for (const { output, input } of geometry.connections) {
      for (let c = 0; c < channels; c++) {
        const yAt = (n * outputArea + output) * channels + c;
        const xAt = (n * height * width + input) * channels + c;
        const best = argmax[yAt]!;
        if (best < 0 || x[xAt]! > x[best]!) argmax[yAt] = xAt;
      }
    }
  }
  if (argmax.includes(-1)) throw new RangeError('a pooling window lies in the padding altogether');
  return { y: Float64Array.from(argmax, (xAt) => x[xAt]!), argmax };
}

/** The gradient with respect to x: [N, H, W, C]. Each dy goes to its window's maximum alone. */
export function maxPoolBackward({ dy, ...options }: MaxPoolOptions & { dy: Values }): Float64Array {
  const { argmax } = maxPoolForward(options);
  requireShape('dy', dy, [argmax.length]);
  const dx = new Float64Array(options.x.length);
  argmax.forEach((xAt, yAt) => {
    dx[xAt]! += dy[yAt]!;
  });
  return dx;
}

export interface AveragePoolOptions extends Omit<MaxPoolOptions, 'x'> {
  /** 0 where a place does not count: [N, H, W]. Default: all count. */
  mask?: Values | undefined;
}

/** Calls back for each place that counts in a window: where its channels begin in y and in x, and how many count in the window. */
function eachCounted({ batch, height, width, channels, poolSize, strides = poolSize, padding = 'valid', mask }: AveragePoolOptions, call: (y: number, x: number, count: number) => void): number {
  const { outputHeight, outputWidth, connections } = convGeometry({ height, width, kernelSize: poolSize, strides, padding });
  const outputArea = outputHeight * outputWidth;
  for (let n = 0; n < batch; n++) {
    const counted = connections.filter(({ input }) => mask === undefined || mask[n * height * width + input] !== 0);
    const counts = new Array<number>(outputArea).fill(0);
    for (const { output } of counted) counts[output]! += 1;
    for (const { output, input } of counted) call((n * outputArea + output) * channels, (n * height * width + input) * channels, counts[output]!);
  }
  return batch * outputArea * channels;
}

/** The mean of each window, [N, outH, outW, C]: of the places in the image that count. Of none it is 0. */
export function averagePoolForward({ x, ...options }: AveragePoolOptions & { x: Values }): Float64Array {
  const { batch, height, width, channels } = options;
  requireShape('x', x, [batch, height, width, channels]);
  const y = new Float64Array(eachCounted(options, () => {}));
  eachCounted(options, (yAt, xAt, count) => {
    for (let c = 0; c < channels; c++) y[yAt + c]! += x[xAt + c]! / count;
  });
  return y;
}

/** The gradient with respect to x, [N, H, W, C]: each place gets its share of each of its windows. */
export function averagePoolBackward({ dy, ...options }: AveragePoolOptions & { dy: Values }): Float64Array {
  const { batch, height, width, channels } = options;
  const dx = new Float64Array(batch * height * width * channels);
  eachCounted(options, (yAt, xAt, count) => {
    for (let c = 0; c < channels; c++) dx[xAt + c]! += dy[yAt + c]! / count;
  });
  return dx;
}
