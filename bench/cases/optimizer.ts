import { adam } from '../../src/optimizers/adam.js';
import { muon } from '../../src/optimizers/muon.js';
import type { Optimizer, ParameterPart } from '../../src/optimizers/optimizer.js';
import { sgd } from '../../src/optimizers/sgd.js';
import type { Case, Plain } from '../case.js';
import { values } from '../values.js';

/** An optimizer's step over so many weights. flops: of one weight; parts: the weights by themselves, where the optimizer tells them apart. */
function step(kernel: string, size: number, flops: number, optimizer: Optimizer, plain?: Plain, parts: readonly ParameterPart[] = []): Case {
  return {
    kernel, shape: `${size} weights`, batch: 1, flops: flops * size, ...(plain && { plain }),
    layOut(tape) {
      const slots = Array.from({ length: optimizer.slots.length }, () => tape.from(values(size, 0)));
      optimizer.emit(tape, { w: tape.from(values(size)), g: tape.from(values(size)), slots, size, parts }, tape.state);
      return tape.ops;
    },
  };
}

const plainAdam = (size: number): Plain => ({ floats, kernels }) => {
  const [w, g, m, v] = [floats(values(size)), floats(values(size)), floats(values(size)), floats(values(size, 0))];
  return () => kernels.adam(w, g, m, v, size, 1e-3, 0.1, 1e-3, 1e-7);
};

/** One kernel of a convolution, [taps · inputs, outputs] as a matrix. */
function muonStep(shape: readonly [number, number, number, number]): Case {
  const columns = shape[3], rows = shape[0] * shape[1] * shape[2], n = Math.min(rows, columns);
  const part = { start: 0, size: rows * columns, shape, matrix: true, path: 'conv2d/kernel' };
  return { ...step('muon', part.size, 4 * n + (36 * n ** 3) / part.size, muon(), undefined, [part]), shape: `${shape.join('×')} weights` };
}

/** The weights of the two networks. */
const SIZES = [836, 1_030_218] as const;

export const optimizerCases: readonly Case[] = SIZES.flatMap((size) => [
  step('adam', size, 13, adam(), plainAdam(size)), step('adam, clipped', size, 15, adam({ globalClipnorm: 1 })),
  step('sgd', size, 3, sgd({ learningRate: 1e-3 })), step('sgd with momentum', size, 5, sgd({ learningRate: 1e-3, momentum: 0.9 })),
]).concat(muonStep([3, 3, 64, 64]), muonStep([3, 3, 128, 128]));
