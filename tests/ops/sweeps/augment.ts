import { Fill, Kernel, type OPS } from '../../../src/plan/ops.js';
import { assertClose, randomArray } from '../../reference/index.js';
import { erased, moved, movedBack, type Motion } from '../augment.js';
import { blank, floats, type Sweep } from '../harness.js';
import { stateOf } from './element-wise.js';

const IMAGES = [[1, 1, 1], [1, 3, 2], [4, 1, 1], [5, 7, 1], [6, 5, 3], [8, 8, 1]] as const;
const MOTIONS = [
  { turns: [0, 0], down: [0, 0], right: [0, 0] }, { turns: [0, 0], down: [-0.4, 0.4], right: [-0.3, 0.3] }, { turns: [-0.5, 0.5], down: [0, 0], right: [0, 0] },
  { turns: [0.1, 0.4], down: [-1, 1], right: [0.5, 1] },
] as const;
const KEYS = { key0: 0x13198a2e, key1: 0x03707344 };
const batch = 5;

/** Four products of a value with two weights each, rounded; the weights are exact to one rounding each. */
const ROUNDINGS = 10 * 2 ** -24;

interface MotionCase {
  label: string;
  options: Motion;
  args: Omit<Record<keyof (typeof OPS)['randomAffineBackward'], number>, 'dx' | 'dy' | 'state'>;
  values: Float64Array;
}

function* motions(): Generator<MotionCase> {
  let step = 0;
  for (const [height, width, channels] of IMAGES) {
    for (const motion of MOTIONS) {
      for (const [name, fill] of Object.entries(Fill)) {
        step = (step * 5 + 1) >>> 0;
        const { turns, down, right } = motion;
        yield {
          label: `${batch} images ${height}×${width}×${channels}, ${name}, ${JSON.stringify(motion)}, step ${step}`,
          options: { batch, height, width, channels, fill, fillValue: 0.7, ...motion, ...KEYS, step },
          args: {
            height, width, channels, fill, turnsLow: turns[0], turnsHigh: turns[1], downLow: down[0], downHigh: down[1], rightLow: right[0], rightHigh: right[1], ...KEYS,
          },
          values: randomArray(batch * height * width * channels, step % 97),
        };
      }
    }
  }
}

const randomAffine: Sweep<'randomAffine'> = function* () {
  for (const { label, options, args, values } of motions()) {
    yield {
      label, blocks: batch, scratch: Kernel.randomBytes,
      args: { y: blank(values.length), x: floats(values), state: stateOf({ step: options.step }), fillValue: 0.7, ...args },
      check: ({ y }) => assertClose(y, moved(values, options), ROUNDINGS, 'y'),
    };
  }
};

const randomAffineBackward: Sweep<'randomAffineBackward'> = function* () {
  for (const { label, options, args, values } of motions()) {
    yield {
      label, blocks: batch, scratch: Kernel.randomBytes,
      args: { dx: blank(values.length), dy: floats(values), state: stateOf({ step: options.step }), ...args },
      check: ({ dx }) => assertClose(dx, movedBack(values, options), 40 * ROUNDINGS, 'dx'), // many pixels of an edge may go to one
    };
  }
};

const randomErasing: Sweep<'randomErasing'> = function* () {
  let step = 3;
  for (const [height, width, channels] of IMAGES) {
    for (const [chance, scale] of [[1, [0.02, 0.33]], [0.5, [0.2, 0.2]], [0, [0, 1]], [1, [0.9, 1]], [1, [0, 0]]] as const) {
      step = (step * 5 + 1) >>> 0;
      const values = randomArray(batch * height * width * channels, 7);
      const options = { batch, height, width, channels, chance, scale, fillValue: -0.3, ...KEYS, step };
      yield {
        label: `${batch} images ${height}×${width}×${channels}, chance ${chance}, scale ${scale.join('–')}, step ${step}`,
        args: {
          y: blank(values.length), x: floats(values), state: stateOf({ step }), height, width, channels, chance, scaleLow: scale[0], scaleHigh: scale[1], fillValue: -0.3, ...KEYS,
        },
        blocks: batch, scratch: Kernel.randomBytes,
        check: ({ y }) => assertClose(y, erased(values, options), 0, 'y'),
      };
    }
  }
};

export const augmentSweeps = { randomAffine, randomAffineBackward, randomErasing };
