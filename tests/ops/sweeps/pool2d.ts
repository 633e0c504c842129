import assert from 'node:assert/strict';
import {
  assertClose, averagePoolBackward, type AveragePoolOptions, averagePoolForward, convGeometry, elementTolerances, maxPoolBackward, maxPoolForward, type MaxPoolOptions, randomArray,
} from '../../reference/index.js';
import { blank, floats, integers, type OpCase, type Sweep } from '../harness.js';

type Sizes = Omit<MaxPoolOptions, 'x'>;

const WINDOWS: readonly Pick<Sizes, 'height' | 'width' | 'poolSize' | 'strides' | 'padding'>[] = [
  { height: 1, width: 1, poolSize: [1, 1] },
  { height: 4, width: 6, poolSize: [2, 2] },
  { height: 5, width: 7, poolSize: [2, 2] },
  { height: 5, width: 6, poolSize: [2, 2] },
  { height: 6, width: 5, poolSize: [2, 2] },
  { height: 6, width: 6, poolSize: [3, 3] },
  { height: 5, width: 5, poolSize: [3, 2], strides: [1, 2] },
  { height: 6, width: 5, poolSize: [3, 3], strides: [2, 2] },
  { height: 5, width: 4, poolSize: [3, 3], strides: [2, 2], padding: 'same' },
  { height: 3, width: 4, poolSize: [3, 3], strides: [1, 1], padding: 'same' },
  { height: 5, width: 5, poolSize: [2, 2], padding: 'same' },
  { height: 7, width: 7, poolSize: [2, 2], strides: [3, 3] },
  { height: 2, width: 2, poolSize: [4, 3], padding: 'same' },
];

/** With few distinct values there are ties in most windows. */
function* pools(): Iterable<{ sizes: Sizes; x: Float64Array; label: string }> {
  for (const window of WINDOWS) {
    for (let channels = 1; channels <= 9; channels++) {
      for (const [kind, round] of [['random', (value: number) => value], ['ties', Math.round]] as const) {
        const sizes = { ...window, channels, batch: 1 + (channels % 3) };
        const x = randomArray(sizes.batch * sizes.height * sizes.width * channels, 1, -2, 2).map(round);
        if (kind === 'ties' && channels % 4 === 0) x.fill(-Infinity, 0, Math.ceil(x.length / 2)); // padding must not win over it
        yield { sizes, x, label: `${JSON.stringify(sizes)} ${kind}` };
      }
    }
  }
}

function geometryOf(sizes: Omit<Sizes, 'mask'>) {
  const { height, width, channels, poolSize, strides = poolSize, padding = 'valid' } = sizes;
  const { outputHeight, outputWidth, pads } = convGeometry({ height, width, kernelSize: poolSize, strides, padding });
  return {
    inH: height, inW: width, channels, outH: outputHeight, outW: outputWidth, poolH: poolSize[0], poolW: poolSize[1],
    strideH: strides[0], strideW: strides[1], padTop: pads.top, padLeft: pads.left,
  };
}

/** From an index into x to the winner's place in its window, as the kernel keeps it. */
function places(argmax: Int32Array, geometry: ReturnType<typeof geometryOf>): Int32Array {
  const { inH, inW, channels, outH, outW, poolW, strideH, strideW, padTop, padLeft } = geometry;
  return argmax.map((xAt, yAt) => {
    const pixel = Math.floor(xAt / channels) % (inH * inW);
    const window = Math.floor(yAt / channels) % (outH * outW);
    const row = Math.floor(pixel / inW) - (Math.floor(window / outW) * strideH - padTop);
    const column = (pixel % inW) - ((window % outW) * strideW - padLeft);
    return row * poolW + column;
  });
}

const forwardSweep: Sweep<'maxPoolForward'> = function* () {
  for (const { sizes, x, label } of pools()) {
    const geometry = geometryOf(sizes);
    const expected = maxPoolForward({ ...sizes, x });
    const argmax = blank(expected.y.length, Int32Array);
    yield {
      label,
      args: { y: blank(expected.y.length), argmax, x: floats(x), ...geometry },
      blocks: sizes.batch,
      check(written) {
        assertClose(written.y, expected.y, 0, 'y');
        assertClose(written.argmax, places(expected.argmax, geometry), 0, 'argmax');
      },
    };
    yield {
      label: `${label}, no argmax`,
      args: { y: blank(expected.y.length), argmax: undefined, x: floats(x), ...geometry },
      blocks: sizes.batch,
      check: ({ y }) => assertClose(y, expected.y, 0, 'y'),
    };
  }
  yield* notANumber();
};

/** One NaN at each place of the image: every window over it gives NaN and names it as the winner, and no other window does. */
function* notANumber(): Iterable<OpCase<'maxPoolForward'>> {
  const sizes = { batch: 1, height: 5, width: 5, channels: 5, poolSize: [3, 3], strides: [2, 2], padding: 'same' } as const;
  const geometry = geometryOf(sizes);
  const clean = randomArray(sizes.height * sizes.width * sizes.channels, 2);
  for (let bad = 0; bad < clean.length; bad++) {
    // the reference does not treat NaN; a value above all others wins the same windows
    const { y, argmax } = maxPoolForward({ ...sizes, x: clean.with(bad, 100) });
    const winners = places(argmax, geometry);
    yield {
      label: `NaN at ${bad}`,
      args: { y: blank(y.length), argmax: blank(y.length, Int32Array), x: floats(clean.with(bad, NaN)), ...geometry },
      blocks: 1,
      check(written) {
        assert.deepEqual([...written.y], [...y].map((value) => (value === 100 ? NaN : value)));
        assertClose(written.argmax, winners, 0, 'argmax');
      },
    };
  }
}

const backwardSweep: Sweep<'maxPoolBackward'> = function* () {
  for (const { sizes, x, label } of pools()) {
    const geometry = geometryOf(sizes);
    const { argmax } = maxPoolForward({ ...sizes, x });
    const dy = randomArray(argmax.length, 3);
    yield {
      label,
      args: { dx: blank(x.length), dy: floats(dy), argmax: integers(places(argmax, geometry)), ...geometry },
      blocks: sizes.batch,
      check({ dx }) {
        const overlap = sizes.poolSize[0] * sizes.poolSize[1]; // windows that a value can win
        const tolerances = elementTolerances(maxPoolBackward({ ...sizes, x, dy: dy.map(Math.abs) }), overlap);
        assertClose(dx, maxPoolBackward({ ...sizes, x, dy }), tolerances, 'dx');
      },
    };
  }
};

/** Numbers of channels that take each of the kernel's paths: four vectors, one, and single ones. */
const CHANNELS = [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 21, 36];

/** With and without a mask, whose last image is left out as a whole. */
function* averages(): Iterable<{ sizes: AveragePoolOptions; label: string }> {
  for (const window of WINDOWS) {
    for (const channels of CHANNELS) {
      const batch = 1 + (channels % 3);
      const area = window.height * window.width;
      const mask = randomArray(batch * area, 4).map((value, at) => Number(value > -0.2 && at < Math.max(1, batch - 1) * area));
      for (const given of [undefined, mask]) {
        yield { sizes: { ...window, channels, batch, mask: given }, label: `${JSON.stringify({ ...window, channels, batch })}${given ? ', masked' : ''}` };
      }
    }
  }
}

/** Terms of a sum at most, and two roundings more: one over the count, and times it. */
const roundings = ({ poolSize }: AveragePoolOptions): number => poolSize[0] * poolSize[1] + 2;

const averageForwardSweep: Sweep<'averagePoolForward'> = function* () {
  for (const { sizes, label } of averages()) {
    const x = randomArray(sizes.batch * sizes.height * sizes.width * sizes.channels, 1, -2, 2);
    const expected = averagePoolForward({ ...sizes, x });
    // what does not count may be anything
    const given = x.map((value, at) => (sizes.mask?.[Math.floor(at / sizes.channels)] === 0 ? NaN : value));
    yield {
      label,
      args: { y: blank(expected.length), x: floats(given), mask: sizes.mask && floats(sizes.mask), ...geometryOf(sizes) },
      blocks: sizes.batch,
      check: ({ y }) => assertClose(y, expected, elementTolerances(averagePoolForward({ ...sizes, x: x.map(Math.abs) }), roundings(sizes)), 'y'),
    };
  }
};

const averageBackwardSweep: Sweep<'averagePoolBackward'> = function* () {
  for (const { sizes, label } of averages()) {
    const dy = randomArray(averagePoolForward({ ...sizes, x: new Float64Array(sizes.batch * sizes.height * sizes.width * sizes.channels) }).length, 3);
    const expected = averagePoolBackward({ ...sizes, dy });
    yield {
      label,
      args: { dx: blank(expected.length), dy: floats(dy), mask: sizes.mask && floats(sizes.mask), ...geometryOf(sizes) },
      blocks: sizes.batch,
      check: ({ dx }) => assertClose(dx, expected, elementTolerances(averagePoolBackward({ ...sizes, dy: dy.map(Math.abs) }), roundings(sizes)), 'dx'),
    };
  }
};

export const poolSweeps = {
  maxPoolForward: forwardSweep, maxPoolBackward: backwardSweep, averagePoolForward: averageForwardSweep, averagePoolBackward: averageBackwardSweep,
};
