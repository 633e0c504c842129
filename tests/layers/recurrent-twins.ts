/** Recurrent layers beside their double-precision counterparts: cells unrolled. */
import { layers } from '../../src/entry.node.js';
import type { Layer } from '../../src/entry.node.js';
import { Purpose, streamKey } from '../../src/random.js';
import { sequenceMask } from '../ops/mask.js';
import { type Cell, type CellWeights, gruCell, lstmCell, map, simpleRnnCell, unroll } from '../reference/index.js';
import type { PassContext, Twin } from './twins.js';

type Options<Name extends 'simpleRNN' | 'lstm' | 'gru'> = Parameters<(typeof layers)[Name]>[0];

export function maskKey(
  rate: number, bits: 16 | 24, { seed, stream }: PassContext, purpose: Purpose = Purpose.dropout,
): { key0: number; key1: number; threshold: number } {
  const [key0, key1] = streamKey(seed, purpose, stream);
  return { key0, key1, threshold: Math.round(rate * 2 ** bits) };
}

/** Factors [batch, features] of a dropout that holds for all steps: the kernel's masks are [pairs of groups][features][8]. */
function stepsFactors(rate: number, features: number, context: PassContext, purpose: Purpose): Float64Array {
  const factors = new Float64Array(context.batch * features).fill(1);
  if (!context.training || rate === 0) return factors;
  const kept = sequenceMask(maskKey(rate, 24, context, purpose), context.step, Math.ceil(context.batch / 8), features);
  return factors.map((_, i) => {
    const n = Math.floor(i / features);
    return kept[(Math.floor(n / 8) * features + (i % features)) * 8 + (n % 8)]! / (1 - rate);
  });
}

function recurrent(layer: Layer, options: Options<'simpleRNN'>, cellOf: (weights: CellWeights) => Cell): Twin {
  return {
    layer,
    run(input, [kernel, recurrentKernel, bias], context) {
      const { batch } = context;
      const [steps, features] = layer.input as [number, number];
      const { units, activation = 'tanh', returnSequences = false, goBackwards = false, dropout = 0, recurrentDropout = 0 } = options;
      const inputFactors = stepsFactors(dropout, features, context, Purpose.dropout);
      const dropped = (values: Float64Array): Float64Array =>
        map(values, (value, i) => value * inputFactors[Math.floor(i / (steps * features)) * features + (i % features)]!);
      const cell = cellOf({ features, units, kernel: kernel!, recurrentKernel: recurrentKernel!, bias, activation });
      const factors = stepsFactors(recurrentDropout, units, context, Purpose.recurrentDropout);
      const { h, back } = unroll({ cell, batch, steps, features, x: dropped(input), goBackwards, factors });
      const isLast = (i: number): boolean => Math.floor(i / units) % steps === steps - 1;
      return {
        y: returnSequences ? h : h.filter((_, i) => isLast(i)),
        layout: returnSequences ? 'lanes' : 'rows',
        backward(dy) {
          let next = 0;
          const { dx } = back(returnSequences ? dy : map(h, (_, i) => (isLast(i) ? dy[next++]! : 0)));
          return { dx: dropped(dx), dWeights: cell.dWeights };
        },
      };
    },
  };
}

export const simpleRNN = (options: Options<'simpleRNN'>): Twin => recurrent(layers.simpleRNN(options), options, simpleRnnCell);
export const lstm = (options: Options<'lstm'>): Twin =>
  recurrent(layers.lstm(options), options, (weights) => lstmCell({ ...weights, recurrentActivation: options.recurrentActivation ?? 'sigmoid' }));
export const gru = (options: Options<'gru'>): Twin =>
  recurrent(layers.gru(options), options, (weights) =>
    gruCell({ ...weights, recurrentActivation: options.recurrentActivation ?? 'sigmoid', resetAfter: options.resetAfter ?? true }));
