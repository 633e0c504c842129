/** Layers that move values and change none, each beside its double-precision counterpart. */
import { layers } from '../../src/entry.node.js';
import { padImage } from '../reference/index.js';
import type { Twin } from './twins.js';

type Options<Name extends 'reshape' | 'zeroPadding2d'> = Parameters<(typeof layers)[Name]>[0];

export function reshape(options: Options<'reshape'>): Twin {
  return { layer: layers.reshape(options), run: (x) => ({ y: x, backward: (dy) => ({ dx: dy, dWeights: [] }) }) };
}

export function zeroPadding2d(options: NonNullable<Options<'zeroPadding2d'>>): Twin {
  const layer = layers.zeroPadding2d(options);
  const { padding = 1 } = options;
  const [rows, columns] = typeof padding === 'number' ? [padding, padding] : padding;
  const [top, left] = [rows, columns].map((axis) => (typeof axis === 'number' ? axis : axis[0])) as [number, number];
  return {
    layer,
    run(x, _weights, { batch }) {
      const [height, width, channels] = layer.input as [number, number, number];
      const [outHeight, outWidth] = layer.output as [number, number, number];
      return {
        y: padImage({ batch, height, width, channels, outHeight, outWidth, top, left, x }),
        backward: (dy) => ({
          dx: padImage({ batch, height: outHeight, width: outWidth, channels, outHeight: height, outWidth: width, top: -top, left: -left, x: dy }), dWeights: [],
        }),
      };
    },
  };
}
