/** The plain kernels that the benches compare with do the same work: judged by the same reference as the fast ones. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { javascript } from '../../bench/plain/javascript.js';
import type { ConvGeometry, PlainBackend, PoolGeometry } from '../../bench/plain/kernels.js';
import { createScalar } from '../../bench/plain/scalar.js';
import { Activation } from '../../src/plan/ops.js';
import {
  absConv2dBackwardFilter, absConv2dBackwardInput, absConv2dForward, absGemm, adamStep, assertClose, conv2dBackwardFilter, conv2dBackwardInput,
  conv2dForward, convGeometry, elementTolerances, gemm, maxPoolBackward, maxPoolForward, randomArray, reluBackward, reluForward, relativeTolerances,
  sigmoidBackward, sigmoidForward, simpleRnnBackward, simpleRnnForward, softmaxForward, tanhBackward, tanhForward, toFloat32, type Values,
} from '../reference/index.js';

/** A few units in the last place of single precision. */
const near = (expected: Values): Float64Array => relativeTolerances(expected, 1e-6, 1e-30);

function suite<Buffer>(backend: PlainBackend<Buffer>): void {
  const { kernels } = backend;
  const read = (buffer: Buffer, length: number): Float32Array => backend.read(buffer, length);
  const given = (values: Values): Buffer => backend.floats(toFloat32(values));
  /** Full of NaN, so that what is never written shows. */
  const blank = (length: number): Buffer => given(new Float32Array(length).fill(NaN));

  it('gemm', () => {
    for (const [m, n, k] of [[1, 1, 1], [4, 3, 2], [5, 2, 7], [6, 9, 5], [13, 8, 257], [11, 7, 512]] as const) {
      for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true]] as const) {
        const options = { m, n, k, a: randomArray(m * k, 1), b: randomArray(k * n, 2), transposeA, transposeB };
        const c = blank(m * n);
        kernels.gemm(c, given(options.a), given(options.b), m, n, k, Number(transposeA), Number(transposeB));
        assertClose(read(c, m * n), gemm(options), elementTolerances(absGemm(options), k), `${m}×${n}×${k}`);
      }
    }
  });

  it('conv2d, forward and both backward passes', () => {
    for (const [height, width, kernelSize, strides, inChannels, filters] of [
      [5, 7, [3, 3], [1, 1], 3, 4], [6, 6, [2, 3], [1, 2], 1, 5], [9, 8, [3, 2], [2, 3], 4, 1], [4, 4, [1, 1], [1, 1], 7, 6],
    ] as const) {
      const sizes = { batch: 3, height, width, kernelSize, strides, inChannels, filters };
      const { outputHeight: outH, outputWidth: outW } = convGeometry(sizes);
      const geometry: ConvGeometry = [3, height, width, inChannels, outH, outW, filters, ...kernelSize, ...strides];
      const x = randomArray(3 * height * width * inChannels, 1);
      const kernel = randomArray(kernelSize[0] * kernelSize[1] * inChannels * filters, 2);
      const dy = randomArray(3 * outH * outW * filters, 3);
      const [y, dx, dKernel] = [blank(dy.length), blank(x.length), blank(kernel.length)];
      kernels.conv2dForward(y, given(x), given(kernel), ...geometry);
      kernels.conv2dBackwardInput(dx, given(dy), given(kernel), ...geometry);
      kernels.conv2dBackwardFilter(dKernel, given(x), given(dy), ...geometry);
      const forward = { ...sizes, x, kernel }, input = { ...sizes, dy, kernel }, filter = { ...sizes, x, dy };
      // each tolerance from the number of products in a sum
      assertClose(read(y, dy.length), conv2dForward(forward), elementTolerances(absConv2dForward(forward), kernel.length / filters), 'y');
      assertClose(read(dx, x.length), conv2dBackwardInput(input), elementTolerances(absConv2dBackwardInput(input), kernel.length / inChannels), 'dx');
      assertClose(
        read(dKernel, kernel.length), conv2dBackwardFilter(filter), elementTolerances(absConv2dBackwardFilter(filter), dy.length / filters), 'dKernel',
      );
    }
  });

  it('max pooling, forward and backward', () => {
    for (const [poolSize, strides] of [[[2, 2], [2, 2]], [[3, 2], [1, 2]]] as const) {
      const options = { batch: 2, height: 7, width: 6, channels: 3, poolSize, strides, x: randomArray(2 * 7 * 6 * 3, 1) };
      const { outputHeight: outH, outputWidth: outW } = convGeometry({ ...options, kernelSize: poolSize });
      const size = 2 * outH * outW * 3;
      const dy = toFloat32(randomArray(size, 2));
      const [y, dx, argmax] = [blank(size), blank(options.x.length), backend.integers(size)];
      const geometry: PoolGeometry = [2, 7, 6, 3, outH, outW, ...poolSize, ...strides];
      kernels.maxPoolForward(y, argmax, given(options.x), ...geometry);
      kernels.maxPoolBackward(dx, given(dy), argmax, ...geometry);
      assertClose(read(y, size), maxPoolForward(options).y, 0, 'y');
      assertClose(read(dx, options.x.length), maxPoolBackward({ ...options, dy }), 1e-6, 'dx');
    }
  });

  it('activations, forward and backward', () => {
    const x = Float64Array.from({ length: 4001 }, (_, i) => Math.fround((i - 2000) / 180));
    const dy = randomArray(x.length, 1);
    for (const [kind, forward, backward] of [
      [Activation.relu, reluForward, reluBackward], [Activation.tanh, tanhForward, tanhBackward], [Activation.sigmoid, sigmoidForward, sigmoidBackward],
    ] as const) {
      const [y, dx] = [blank(x.length), blank(x.length)];
      kernels.activationForward(y, given(x), x.length, kind);
      kernels.activationBackward(dx, given(dy), y, x.length, kind);
      const expected = forward(x);
      assertClose(read(y, x.length), expected, near(expected), `activation ${kind}`);
      // 1 - y² loses the digits that y near 1 does not have
      assertClose(read(dx, x.length), backward({ dy, y: expected }), 1e-6, `gradient of activation ${kind}`);
    }
  });

  it('softmax', () => {
    const x = randomArray(7 * 33, 1, -8, 8);
    const y = blank(x.length);
    kernels.softmaxForward(y, given(x), 7, 33);
    const expected = softmaxForward({ x, rows: 7, columns: 33 });
    assertClose(read(y, x.length), expected, relativeTolerances(expected, 1e-5, 0));
  });

  it('a recurrent layer, forward and backward', () => {
    const [batch, steps, features, units] = [3, 12, 2, 5];
    const options = {
      batch, steps, features, units, x: randomArray(batch * steps * features, 1), kernel: randomArray(features * units, 2),
      recurrentKernel: randomArray(units * units, 3, -0.4, 0.4), bias: randomArray(units, 4),
    };
    const dh = randomArray(batch * steps * units, 5);
    const [x, kernel, recurrentKernel] = [given(options.x), given(options.kernel), given(options.recurrentKernel)];
    const [h, d, dx, dKernel, dRecurrentKernel, dBias] = [dh, dh, options.x, options.kernel, options.recurrentKernel, options.bias].map(({ length }) => blank(length)) as
      [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];
    kernels.simpleRnnForward(h, x, kernel, recurrentKernel, given(options.bias), batch, steps, features, units);
    kernels.simpleRnnBackward(dx, dKernel, dRecurrentKernel, dBias, d, given(dh), h, x, kernel, recurrentKernel, batch, steps, features, units);
    assertClose(read(h, dh.length), simpleRnnForward(options), 1e-5, 'h');
    const expected = simpleRnnBackward({ ...options, dh });
    for (const [name, buffer, values] of [
      ['dx', dx, expected.dx], ['dKernel', dKernel, expected.dKernel], ['dRecurrentKernel', dRecurrentKernel, expected.dRecurrentKernel],
      ['dBias', dBias, expected.dBias],
    ] as const) assertClose(read(buffer, values.length), values, 1e-4, name);
  });

  it('Adam', () => {
    const size = 301;
    const [w, g, m, v] = [randomArray(size, 1), randomArray(size, 2), randomArray(size, 3), randomArray(size, 4, 0, 1)];
    const buffers = [w, g, m, v].map(given) as [Buffer, Buffer, Buffer, Buffer];
    const rate = (1e-3 * Math.sqrt(1 - 0.999 ** 4)) / (1 - 0.9 ** 4);
    kernels.adam(...buffers, size, rate, 1 - 0.9, 1 - 0.999, 1e-7);
    const expected = adamStep({ weights: w, gradients: g, m, v, step: 4 });
    assertClose(read(buffers[0], size), expected.weights, 1e-6, 'w');
    assertClose(read(buffers[2], size), expected.m, 1e-6, 'm');
    assertClose(read(buffers[3], size), expected.v, 1e-6, 'v');
  });
}

for (const backend of [createScalar(), javascript]) describe(`plain kernels, ${backend.name}`, () => suite(backend as PlainBackend<unknown>));

it('the scalar build exports all plain kernels', () => {
  assert.deepEqual(Object.keys(javascript.kernels).filter((name) => !(name in createScalar().kernels)), []);
});
