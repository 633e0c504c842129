/** The plain kernels in JavaScript, over typed arrays. */
import { Activation } from '../../src/plan/ops.js';
import type { ConvGeometry, PlainBackend, PlainKernels } from './kernels.js';
import { product } from './product.js';

type Values = Float32Array;

/** The line of the input, counted over the batch, under row `h` of the kernel for each line of the output: `visit(line, above, h)`. */
function eachLine([batch, inH, , , outH, , , kernelH, , strideH]: ConvGeometry, visit: (line: number, above: number, h: number) => void): void {
  for (let line = 0; line < batch * outH; line++) {
    for (let h = 0; h < kernelH; h++) visit(line, Math.floor(line / outH) * inH + (line % outH) * strideH + h, h);
  }
}

const kernels: PlainKernels<Values> = {
  gemm(c, a, b, m, n, k, transposeA, transposeB) {
    c.fill(0);
    product(c, 0, n, a, 0, transposeA ? 1 : k, transposeA ? m : 1, b, 0, transposeB ? 1 : n, transposeB ? k : 1, m, n, k);
  },

  conv2dForward(y, x, kernel, ...geometry) {
    const [, , inW, inC, , outW, outC, , kernelW, , strideW] = geometry;
    const taps = kernelW * inC;
    y.fill(0);
    eachLine(geometry, (line, above, h) =>
      product(y, line * outW * outC, outC, x, above * inW * inC, strideW * inC, 1, kernel, h * taps * outC, outC, 1, outW, outC, taps));
  },

  conv2dBackwardInput(dx, dy, kernel, ...geometry) {
    const [, , inW, inC, , outW, outC, , kernelW, , strideW] = geometry;
    dx.fill(0);
    eachLine(geometry, (line, above, h) => {
      for (let w = 0; w < kernelW; w++) {
        const target = (above * inW + w) * inC;
        product(dx, target, strideW * inC, dy, line * outW * outC, outC, 1, kernel, (h * kernelW + w) * inC * outC, 1, outC, outW, inC, outC);
      }
    });
  },

  conv2dBackwardFilter(dKernel, x, dy, ...geometry) {
    const [, , inW, inC, , outW, outC, , kernelW, , strideW] = geometry;
    const taps = kernelW * inC;
    dKernel.fill(0);
    eachLine(geometry, (line, above, h) =>
      product(dKernel, h * taps * outC, outC, x, above * inW * inC, 1, strideW * inC, dy, line * outW * outC, outC, 1, taps, outC, outW));
  },

  maxPoolForward(y, argmax, x, batch, inH, inW, channels, outH, outW, poolH, poolW, strideH, strideW) {
    for (let at = 0, pixel = 0; pixel < batch * outH * outW; pixel++) {
      const corner = cornerOf(pixel, inH, inW, outH, outW, strideH, strideW) * channels;
      for (let c = 0; c < channels; c++, at++) {
        let best = -Infinity;
        let place = 0;
        for (let h = 0; h < poolH; h++) {
          for (let w = 0; w < poolW; w++) {
            const value = x[corner + (h * inW + w) * channels + c]!;
            const wins = value > best;
            best = wins ? value : best;
            place = wins ? h * poolW + w : place;
          }
        }
        y[at] = best;
        argmax[at] = place;
      }
    }
  },

  maxPoolBackward(dx, dy, argmax, batch, inH, inW, channels, outH, outW, _poolH, poolW, strideH, strideW) {
    dx.fill(0);
    for (let at = 0, pixel = 0; pixel < batch * outH * outW; pixel++) {
      const corner = cornerOf(pixel, inH, inW, outH, outW, strideH, strideW) * channels;
      for (let c = 0; c < channels; c++, at++) {
        const place = argmax[at]! | 0;
        dx[corner + (Math.floor(place / poolW) * inW + (place % poolW)) * channels + c]! += dy[at]!;
      }
    }
  },

  activationForward(y, x, size, kind) {
    if (kind === Activation.relu) for (let i = 0; i < size; i++) y[i] = x[i]! < 0 ? 0 : x[i]!;
    else if (kind === Activation.tanh) for (let i = 0; i < size; i++) y[i] = Math.tanh(x[i]!);
    else for (let i = 0; i < size; i++) y[i] = 1 / (1 + Math.exp(-x[i]!));
  },

  activationBackward(dx, dy, y, size, kind) {
    if (kind === Activation.relu) for (let i = 0; i < size; i++) dx[i] = y[i]! > 0 ? dy[i]! : 0;
    else if (kind === Activation.tanh) for (let i = 0; i < size; i++) dx[i] = dy[i]! * (1 - y[i]! * y[i]!);
    else for (let i = 0; i < size; i++) dx[i] = dy[i]! * y[i]! * (1 - y[i]!);
  },

  softmaxForward(y, x, rows, columns) {
    for (let start = 0; start < rows * columns; start += columns) {
      const end = start + columns;
      let largest = x[start]!;
      for (let i = start + 1; i < end; i++) largest = x[i]! > largest ? x[i]! : largest;
      let sum = 0;
      for (let i = start; i < end; i++) sum += y[i] = Math.exp(x[i]! - largest);
      for (let i = start; i < end; i++) y[i]! /= sum;
    }
  },

  simpleRnnForward(h, x, kernel, recurrentKernel, bias, batch, time, features, units) {
    for (let i = 0; i < batch * time; i++) h.set(bias, i * units);
    product(h, 0, units, x, 0, features, 1, kernel, 0, units, 1, batch * time, units, features);
    const sequence = time * units;
    for (let t = 0; t < time; t++) {
      const step = t * units;
      if (t > 0) product(h, step, sequence, h, step - units, sequence, 1, recurrentKernel, 0, units, 1, batch, units, units);
      for (let n = 0; n < batch; n++) {
        for (let i = n * sequence + step, end = i + units; i < end; i++) h[i] = Math.tanh(h[i]!);
      }
    }
  },

  simpleRnnBackward(dx, dKernel, dRecurrentKernel, dBias, d, dh, h, x, kernel, recurrentKernel, batch, time, features, units) {
    const sequence = time * units;
    d.set(dh);
    for (let t = time - 1; t >= 0; t--) {
      const step = t * units;
      if (t < time - 1) product(d, step, sequence, d, step + units, sequence, 1, recurrentKernel, 0, 1, units, batch, units, units);
      for (let n = 0; n < batch; n++) {
        for (let i = n * sequence + step, end = i + units; i < end; i++) d[i]! *= 1 - h[i]! * h[i]!;
      }
    }
    for (const gradient of [dx, dKernel, dRecurrentKernel, dBias]) gradient.fill(0);
    product(dx, 0, features, d, 0, units, 1, kernel, 0, 1, units, batch * time, features, units);
    product(dKernel, 0, units, x, 0, 1, features, d, 0, units, 1, features, units, batch * time);
    for (let start = 0; start < batch * sequence; start += sequence) {
      product(dRecurrentKernel, 0, units, h, start, 1, units, d, start + units, units, 1, units, units, time - 1);
    }
    for (let i = 0; i < batch * sequence; i++) dBias[i % units]! += d[i]!;
  },

  adam(w, g, m, v, size, rate, gain1, gain2, epsilon) {
    for (let i = 0; i < size; i++) {
      const gradient = g[i]!;
      const mean = m[i]! + (gradient - m[i]!) * gain1;
      const square = v[i]! + (gradient * gradient - v[i]!) * gain2;
      m[i] = mean;
      v[i] = square;
      w[i]! -= (rate * mean) / (Math.sqrt(square) + epsilon);
    }
  },
};

/** Index of a window's first pixel in the batch of inputs. */
function cornerOf(pixel: number, inH: number, inW: number, outH: number, outW: number, strideH: number, strideW: number): number {
  const line = Math.floor(pixel / outW);
  return (Math.floor(line / outH) * inH + (line % outH) * strideH) * inW + (pixel % outW) * strideW;
}

export const javascript: PlainBackend<Values> = {
  name: 'JavaScript',
  kernels,
  floats: (values) => (typeof values === 'number' ? new Float32Array(values) : values.slice()),
  integers: (length) => new Float32Array(length), // small whole numbers, which floats hold exactly
  read: (buffer) => buffer,
};
