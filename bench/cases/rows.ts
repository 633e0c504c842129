import { activation } from '../../src/layers/core/activation.js';
import { batchNormalization } from '../../src/layers/normalization/batch-normalization.js';
import { layerNormalization } from '../../src/layers/normalization/layer-normalization.js';
import type { Layer } from '../../src/layers/layer.js';
import type { LossName } from '../../src/losses.js';
import { requireLoss } from '../../src/losses.js';
import type { Case } from '../case.js';
import { layerCases } from '../case.js';
import { labels, values } from '../values.js';

/** An exponential of 27 instructions, a maximum, a sum and a product for each element. */
const SOFTMAX_FLOPS = 30;

function softmax(rows: number, columns: number): Case[] {
  return layerCases({
    kernel: 'softmax', shape: `${rows} × ${columns}`, batch: rows, flops: SOFTMAX_FLOPS * columns,
    stack: () => [activation({ activation: 'softmax', inputShape: [columns] })],
    passes: {
      forward: ({ floats, kernels }) => {
        const [y, x] = [floats(rows * columns), floats(values(rows * columns))];
        return () => kernels.softmaxForward(y, x, rows, columns);
      },
    },
  });
}

/** A loss with its gradient. */
function loss(name: LossName, rows: number, columns: number, flops: number): Case {
  return {
    kernel: name, shape: `${rows} × ${columns}`, batch: rows, flops: flops * rows * columns,
    layOut(tape) {
      const output = tape.tensor([columns]);
      tape.fill(output.ref, values(rows * columns));
      requireLoss(name).emit(tape, output, tape.from(name === 'sparseCategoricalCrossentropy' ? labels(rows, columns) : values(rows * columns)));
      return tape.ops;
    },
  };
}

/** Layers that are bound by memory, and have no plain kernels. */
const plainly = (kernel: string, shape: string, batch: number, stack: () => Layer[]): Case[] =>
  layerCases({ kernel, shape, batch, flops: 0, stack, passes: { forward: undefined, backward: undefined } });

export const rowCases: readonly Case[] = [
  ...softmax(128, 10), ...softmax(1024, 1000),
  loss('sparseCategoricalCrossentropy', 128, 10, SOFTMAX_FLOPS + 2), loss('sparseCategoricalCrossentropy', 1024, 1000, SOFTMAX_FLOPS + 2),
  loss('meanSquaredError', 32, 499, 4),
  ...plainly('batchNormalization', '14×14×64, batch 128', 128, () => [batchNormalization({ inputShape: [14, 14, 64] })]),
  ...plainly('layerNormalization', '4096 × 256', 4096, () => [layerNormalization({ inputShape: [256] })]),
];
