import { assertClose, padImage as reference, randomArray } from '../../reference/index.js';
import { blank, floats, type Sweep } from '../harness.js';

/** Rows of the frame and of the image, and by how many it is moved. Also wholly outside of the frame. */
const AXES: readonly (readonly [number, number, number])[] = [[1, 1, 0], [4, 2, 1], [3, 3, 2], [3, 3, -2], [2, 5, -1], [6, 3, 3], [2, 2, 2], [2, 2, -2], [3, 1, 5], [3, 1, -4]];

const padImage: Sweep<'padImage'> = function* () {
  for (const [outH, inH, top] of AXES) {
    for (const [outW, inW, left] of AXES) {
      for (const channels of [1, 3, 4, 9]) {
        const batch = 1 + (channels % 3);
        const x = randomArray(batch * inH * inW * channels, 1);
        yield {
          label: `${inH}×${inW} in ${outH}×${outW} at ${top}, ${left}, ${channels} channels`,
          args: { y: blank(batch * outH * outW * channels), x: floats(x), inH, inW, outH, outW, channels, top, left },
          blocks: batch,
          check: ({ y }) => assertClose(y, reference({ batch, height: inH, width: inW, channels, outHeight: outH, outWidth: outW, top, left, x: Float32Array.from(x) }), 0, 'y'),
        };
      }
    }
  }
};

export const padSweeps = { padImage };
