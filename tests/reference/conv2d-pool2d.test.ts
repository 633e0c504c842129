/** Convolution and pooling by hand: what finite differences cannot see, such as pads, strides and layouts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  absConv2dForward,
  assertClose,
  conv2dBackwardFilter,
  conv2dBackwardInput,
  conv2dForward,
  convGeometry,
  gemm,
  averagePoolBackward,
  averagePoolForward,
  maxPoolBackward,
  maxPoolForward,
  randomArray,
} from './index.js';

const EXACT = 0;
const ROUNDING = 1e-14;

describe('convGeometry', () => {
  const samePads = [
    { input: 5, kernel: 3, stride: 1, output: 5, before: 1, after: 1 },
    { input: 5, kernel: 2, stride: 1, output: 5, before: 0, after: 1 },
    { input: 6, kernel: 3, stride: 2, output: 3, before: 0, after: 1 },
    { input: 5, kernel: 3, stride: 2, output: 3, before: 1, after: 1 },
    { input: 4, kernel: 5, stride: 3, output: 2, before: 2, after: 2 },
    { input: 2, kernel: 5, stride: 1, output: 2, before: 2, after: 2 },
    { input: 3, kernel: 1, stride: 2, output: 2, before: 0, after: 0 },
    { input: 4, kernel: 1, stride: 2, output: 2, before: 0, after: 0 }, // (2 - 1)·2 + 1 - 4 is negative
  ];
  for (const { input, kernel, stride, output, before, after } of samePads) {
    it(`pads ${input} to the same for a window of ${kernel} with stride ${stride}, each axis by itself`, () => {
      const rows = convGeometry({ height: input, width: 9, kernelSize: [kernel, 1], strides: [stride, 1], padding: 'same' });
      assert.deepEqual(rows.pads, { top: before, bottom: after, left: 0, right: 0 });
      assert.deepEqual([rows.outputHeight, rows.outputWidth], [output, 9]);
      const columns = convGeometry({ height: 9, width: input, kernelSize: [1, kernel], strides: [1, stride], padding: 'same' });
      assert.deepEqual(columns.pads, { top: 0, bottom: 0, left: before, right: after });
      assert.deepEqual([columns.outputHeight, columns.outputWidth], [9, output]);
    });
  }

  it('lists who reads whom', () => {
    const { connections } = convGeometry({ height: 1, width: 4, kernelSize: [1, 2], strides: [1, 2] });
    assert.deepEqual(connections, [
      { output: 0, input: 0, kernel: 0 },
      { output: 0, input: 1, kernel: 1 },
      { output: 1, input: 2, kernel: 0 },
      { output: 1, input: 3, kernel: 1 },
    ]);
  });

  it('refuses a window that does not fit, and stride 0', () => {
    assert.throws(() => convGeometry({ height: 2, width: 9, kernelSize: [3, 3] }), /window of 3 does not fit 2/);
    assert.throws(() => convGeometry({ height: 9, width: 9, kernelSize: [3, 3], strides: [1, 0] }), /stride 0/);
  });
});

describe('conv2d', () => {
  it('correlates: the kernel is not flipped', () => {
    const sizes = { batch: 1, height: 1, width: 3, inChannels: 1, filters: 1, kernelSize: [1, 2] } as const;
    assertClose(conv2dForward({ ...sizes, x: [1, 2, 3], kernel: [10, 1] }), [12, 23], EXACT);
    assertClose(absConv2dForward({ ...sizes, x: [1, -2, 3], kernel: [10, -1] }), [12, 23], EXACT);
    assertClose(conv2dBackwardInput({ ...sizes, dy: [1, 2], kernel: [10, 1] }), [10, 21, 2], EXACT);
    assertClose(conv2dBackwardFilter({ ...sizes, x: [1, 2, 3], dy: [1, 2] }), [5, 8], EXACT);
  });

  it('pads to the same with a stride', () => {
    const sizes = { batch: 1, height: 4, width: 4, inChannels: 1, filters: 1, kernelSize: [3, 3], strides: [2, 2] } as const;
    const x = Float64Array.from({ length: 16 }, (_, i) => i + 1);
    assertClose(conv2dForward({ ...sizes, padding: 'same', x, kernel: new Float64Array(9).fill(1) }), [54, 45, 72, 54], EXACT);
  });

  it('is a matrix product per pixel for a 1×1 kernel', () => {
    const sizes = { batch: 2, height: 3, width: 2, inChannels: 3, filters: 4, kernelSize: [1, 1] } as const;
    const x = randomArray(36, 1);
    const kernel = randomArray(12, 2);
    assertClose(conv2dForward({ ...sizes, x, kernel }), gemm({ m: 12, n: 4, k: 3, a: x, b: kernel }), ROUNDING);
  });

  it('is a dense layer for a kernel of the size of the image', () => {
    const sizes = { batch: 2, height: 3, width: 2, inChannels: 3, filters: 4, kernelSize: [3, 2] } as const;
    const x = randomArray(36, 3);
    const kernel = randomArray(72, 4);
    assertClose(conv2dForward({ ...sizes, x, kernel }), gemm({ m: 2, n: 4, k: 18, a: x, b: kernel }), ROUNDING);
  });

  it('sees zeros in the padding', () => {
    const pads = { top: 2, bottom: 0, left: 1, right: 3 };
    const sizes = { batch: 2, inChannels: 2, filters: 3, kernelSize: [3, 2], strides: [2, 1] } as const;
    const x = randomArray(2 * 3 * 4 * 2, 5);
    const kernel = randomArray(3 * 2 * 2 * 3, 6);
    const padded = new Float64Array(2 * 5 * 8 * 2);
    for (let n = 0; n < 2; n++) {
      for (let row = 0; row < 3; row++) {
        const from = (n * 3 + row) * 4 * 2;
        padded.set(x.subarray(from, from + 4 * 2), ((n * 5 + row + pads.top) * 8 + pads.left) * 2);
      }
    }
    assertClose(
      conv2dForward({ ...sizes, height: 3, width: 4, padding: pads, x, kernel }),
      conv2dForward({ ...sizes, height: 5, width: 8, x: padded, kernel }),
      ROUNDING,
    );
  });

  it('refuses an array of the wrong size', () => {
    const sizes = { batch: 1, height: 1, width: 3, inChannels: 1, filters: 1, kernelSize: [1, 2] } as const;
    assert.throws(() => conv2dForward({ ...sizes, x: [1, 2], kernel: [1, 1] }), /x: expected \[1, 1, 3, 1\] = 3 values, received 2/);
  });
});

describe('max pooling', () => {
  const plane = { batch: 1, channels: 1 };

  it('takes each channel by itself', () => {
    const x = [1, 40, 2, 30, 3, 20, 4, 10]; // [1, 2, 2, 2]
    const { y, argmax } = maxPoolForward({ batch: 1, height: 2, width: 2, channels: 2, poolSize: [2, 2], x });
    assertClose(y, [4, 40], EXACT);
    assert.deepEqual([...argmax], [6, 1]);
  });

  it('steps by the pool size unless told otherwise', () => {
    const options = { ...plane, height: 1, width: 5, poolSize: [1, 2], x: [1, 2, 3, 4, 5] } as const;
    assertClose(maxPoolForward(options).y, [2, 4], EXACT);
    assertClose(maxPoolForward({ ...options, strides: [1, 1] }).y, [2, 3, 4, 5], EXACT);
  });

  it('never takes the padding', () => {
    const x = [-1, -2, -3, -4, -5, -6, -7, -8, -Infinity];
    const options = { ...plane, height: 3, width: 3, poolSize: [2, 2], padding: 'same', x } as const;
    assertClose(maxPoolForward(options).y, [-1, -3, -7, -Infinity], EXACT);
    assertClose(maxPoolBackward({ ...options, dy: [1, 2, 3, 4] }), [1, 0, 2, 0, 0, 0, 3, 0, 4], EXACT);
  });

  it('gives a tie to the first', () => {
    const options = { ...plane, height: 2, width: 2, poolSize: [2, 2], x: [3, 7, 7, 7] } as const;
    assertClose(maxPoolBackward({ ...options, dy: [5] }), [0, 5, 0, 0], EXACT);
  });

  it('adds up where windows overlap, image by image', () => {
    const options = { batch: 2, channels: 1, height: 1, width: 3, poolSize: [1, 2], strides: [1, 1], x: [1, 9, 1, 9, 1, 2] } as const;
    assertClose(maxPoolBackward({ ...options, dy: [1, 2, 3, 4] }), [0, 3, 0, 3, 0, 4], EXACT);
  });

  it('refuses a window that holds nothing but padding', () => {
    const padding = { top: 0, bottom: 0, left: 2, right: 0 };
    assert.throws(() => maxPoolForward({ ...plane, height: 1, width: 2, poolSize: [1, 2], padding, x: [1, 2] }), /padding altogether/);
  });
});

describe('average pooling', () => {
  it('is the mean of what lies in the image', () => {
    const options = { batch: 1, height: 2, width: 3, channels: 1, poolSize: [2, 2], x: [1, 2, 3, 5, 8, 13] } as const;
    assertClose(averagePoolForward(options), [4], EXACT);
    assertClose(averagePoolForward({ ...options, padding: 'same' }), [4, 8], EXACT);
  });

  it('is the mean of what a mask leaves, and 0 of nothing', () => {
    const options = { batch: 2, height: 1, width: 3, channels: 2, poolSize: [1, 3], x: [1, 2, 3, 4, 5, 7, 1, 1, 1, 1, 1, 1], mask: [1, 0, 1, 0, 0, 0] } as const;
    assertClose(averagePoolForward(options), [3, 4.5, 0, 0], EXACT);
    assertClose(averagePoolBackward({ ...options, dy: [2, 4, 6, 8] }), [1, 2, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0], EXACT);
  });
});
