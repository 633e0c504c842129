import { convGeometry, type WindowOptions } from './geometry.js';
import { absolute, requireShape, type Values, zeros } from './values.js';

export interface Conv2dSizes extends WindowOptions {
  batch: number; // N
  inChannels: number; // inC
  filters: number; // outC
  groups?: number; // G, default 1: filter f reads the inC / G channels of part f·G / outC only
}

export interface Conv2dForwardOptions extends Conv2dSizes {
  x: Values; // [N, H, W, inC]
  kernel: Values; // [kh, kw, inC / G, outC]
}

export interface Conv2dBackwardInputOptions extends Conv2dSizes {
  dy: Values; // [N, outH, outW, outC]
  kernel: Values; // [kh, kw, inC / G, outC]
}

export interface Conv2dBackwardFilterOptions extends Conv2dSizes {
  x: Values; // [N, H, W, inC]
  dy: Values; // [N, outH, outW, outC]
}

/** y[n, o, f] = Σ x[n, i, c]·kernel[k, c, f] over the connections (o, i, k) and the channels c: [N, outH, outW, outC]. */
export function conv2dForward({ x, kernel, ...sizes }: Conv2dForwardOptions): Float64Array {
  const shape = shapes(sizes);
  const y = zeros(shape.y);
  requireShape('x', x, shape.x);
  requireShape('kernel', kernel, shape.kernel);
  forEachProduct(sizes, (yAt, xAt, kernelAt) => {
    y[yAt]! += x[xAt]! * kernel[kernelAt]!;
  });
  return y;
}

/** The gradient with respect to x: [N, H, W, inC]. */
export function conv2dBackwardInput({ dy, kernel, ...sizes }: Conv2dBackwardInputOptions): Float64Array {
  const shape = shapes(sizes);
  const dx = zeros(shape.x);
  requireShape('dy', dy, shape.y);
  requireShape('kernel', kernel, shape.kernel);
  forEachProduct(sizes, (yAt, xAt, kernelAt) => {
    dx[xAt]! += dy[yAt]! * kernel[kernelAt]!;
  });
  return dx;
}

/** The gradient with respect to the kernel: [kh, kw, inC / G, outC]. */
export function conv2dBackwardFilter({ x, dy, ...sizes }: Conv2dBackwardFilterOptions): Float64Array {
  const shape = shapes(sizes);
  const dKernel = zeros(shape.kernel);
  requireShape('x', x, shape.x);
  requireShape('dy', dy, shape.y);
  forEachProduct(sizes, (yAt, xAt, kernelAt) => {
    dKernel[kernelAt]! += x[xAt]! * dy[yAt]!;
  });
  return dKernel;
}

/** The absolute sums Σ|x·kernel| of every element of `conv2dForward`, for `elementTolerances`. */
export function absConv2dForward(options: Conv2dForwardOptions): Float64Array {
  return conv2dForward({ ...options, x: absolute(options.x), kernel: absolute(options.kernel) });
}

/** The absolute sums Σ|dy·kernel| of every element of `conv2dBackwardInput`. */
export function absConv2dBackwardInput(options: Conv2dBackwardInputOptions): Float64Array {
  return conv2dBackwardInput({ ...options, dy: absolute(options.dy), kernel: absolute(options.kernel) });
}

/** The absolute sums Σ|x·dy| of every element of `conv2dBackwardFilter`. */
export function absConv2dBackwardFilter(options: Conv2dBackwardFilterOptions): Float64Array {
  return conv2dBackwardFilter({ ...options, x: absolute(options.x), dy: absolute(options.dy) });
}

/** Visits the indices into y, x and kernel of every product in the convolution. */
function forEachProduct(sizes: Conv2dSizes, visit: (yAt: number, xAt: number, kernelAt: number) => void): void {
  const { batch, height, width, inChannels, filters, groups = 1 } = sizes;
  const groupChannels = inChannels / groups;
  const { outputHeight, outputWidth, connections } = convGeometry(sizes);
  for (let n = 0; n < batch; n++) {
    for (const { output, input, kernel } of connections) {
      for (let c = 0; c < groupChannels; c++) {
        for (let f = 0; f < filters; f++) {
          const first = Math.floor((f * groups) / filters) * groupChannels;
          visit(
            (n * outputHeight * outputWidth + output) * filters + f,
            (n * height * width + input) * inChannels + first + c,
            (kernel * groupChannels + c) * filters + f,
          );
        }
      }
    }
  }
}

function shapes(sizes: Conv2dSizes): { x: number[]; kernel: number[]; y: number[] } {
  const { batch, height, width, inChannels, filters, groups = 1, kernelSize } = sizes;
  const { outputHeight, outputWidth } = convGeometry(sizes);
  return {
    x: [batch, height, width, inChannels],
    kernel: [...kernelSize, inChannels / groups, filters],
    y: [batch, outputHeight, outputWidth, filters],
  };
}
