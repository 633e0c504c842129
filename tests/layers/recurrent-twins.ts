/** Recurrent layers beside their double-precision counterparts: cells unrolled. */
import { layers } from '../../src/entry.node.js';
import type { Layer, RecurrentLayer } from '../../src/entry.node.js';
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
      const features = (kernel!.length * options.units) / recurrentKernel!.length;
      const steps = input.length / batch / features;
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

const kinds = { simpleRNN, lstm, gru };
/** A recurrent layer by its type and options. */
type Inner = { [Name in keyof typeof kinds]: readonly [Name, Options<Name>] }[keyof typeof kinds];
const twinOf = ([name, options]: Inner): Twin => (kinds[name])(options);

interface BidirectionalTwinOptions extends Omit<Parameters<typeof layers.bidirectional>[0], 'layer' | 'backwardLayer'> {
  layer: Inner;
  backwardLayer?: Inner;
}

/** Random numbers of a part within another layer: see `PART_STREAMS`. */
export const partStream = (stream: number, part: number): number => stream + (1 + part) * 1_048_576;

/** Values [batch, steps, units] with the steps the other way round. */
function turned(values: Float64Array, steps: number, units: number): Float64Array {
  return map(values, (_, i) => {
    const row = Math.floor(i / units);
    return values[(row - (row % steps) + steps - 1 - (row % steps)) * units + (i % units)]!;
  });
}

export function bidirectional({ layer: given, backwardLayer, mergeMode = 'concat', ...options }: BidirectionalTwinOptions): Twin {
  const other = backwardLayer ?? ([given[0], { ...given[1], goBackwards: !given[1].goBackwards }] as Inner);
  const [a, b] = [twinOf(given), twinOf(other)];
  const [m, n] = [given[1].units, other[1].units];
  const { returnSequences = false } = given[1];
  const makeOf = ([name, inner]: Inner): RecurrentLayer => (layers[name] as (options: typeof inner) => RecurrentLayer)(inner);
  const layer = layers.bidirectional({ layer: makeOf(given), ...(backwardLayer && { backwardLayer: makeOf(backwardLayer) }), mergeMode, ...options });
  return {
    layer,
    run(x, weights, context) {
      const [steps] = layer.input as [number];
      const count = layer.forwardLayer.weights.length;
      const forward = a.run(x, weights.slice(0, count), { ...context, stream: partStream(context.stream, 0) });
      const backward = b.run(x, weights.slice(count), { ...context, stream: partStream(context.stream, 1) });
      const inOrder = (values: Float64Array): Float64Array => (returnSequences ? turned(values, steps, n) : values);
      const [y, z] = [forward.y, inOrder(backward.y)];
      const rows = y.length / m;
      const joined = (): Float64Array => Float64Array.from({ length: rows * (m + n) }, (_, i) => {
        const [row, column] = [Math.floor(i / (m + n)), i % (m + n)];
        return column < m ? y[row * m + column]! : z[row * n + column - m]!;
      });
      /** What the gradient of the output is at either of the two. */
      const share = (dy: Float64Array, own: 0 | 1): Float64Array => {
        const [width, start] = own === 0 ? [m, 0] : [n, m];
        if (mergeMode === 'concat') return Float64Array.from({ length: rows * width }, (_, i) => dy[Math.floor(i / width) * (m + n) + start + (i % width)]!);
        return map(dy, (value, i) => value * (mergeMode === 'mul' ? (own === 0 ? z : y)[i]! : mergeMode === 'ave' ? 0.5 : 1));
      };
      return {
        y: mergeMode === 'concat' ? joined() : map(y, (value, i) => (mergeMode === 'mul' ? value * z[i]! : (value + z[i]!) * (mergeMode === 'ave' ? 0.5 : 1))),
        layout: returnSequences ? 'lanes' : 'rows',
        backward(dy) {
          const [first, second] = [forward.backward(share(dy, 0)), backward.backward(inOrder(share(dy, 1)))];
          return { dx: map(first.dx, (value, i) => value + second.dx[i]!), dWeights: [...first.dWeights, ...second.dWeights] };
        },
      };
    },
  };
}
