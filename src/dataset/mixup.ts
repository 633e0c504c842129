import { LanewiseError } from '../errors.js';
import { exponential, logarithm } from '../numerics.js';
import { requireOption, requireSeed } from '../options.js';
import { Purpose, RandomStream, streamKey } from '../random.js';
import { toTensor } from '../tensor/convert.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Position } from './dataset.js';

export interface MixupOptions {
  /** Of the distribution Beta(alpha, alpha) that shares come from: towards 0 most samples stay as they are, at 1 all shares are alike. Default 0.2. */
  alpha?: number;
  /** A whole number from 0 to 2^53 - 1; default 0. */
  seed?: number;
}

/** What inputs become: numbers in single precision, a list where there was a list. */
export type Mixed<Inputs> = Inputs extends Tensor ? Tensor<Float32Array> : { -readonly [Input in keyof Inputs]: Tensor<Float32Array> };

/** A batch that can be mixed. */
export interface MixableBatch<Inputs> {
  /** A tensor, or one for each input of the model. */
  readonly xs: Inputs;
  /** [rows, classes], one-hot, or other targets of which a mixture makes sense. */
  readonly ys: Tensor;
}

/** What `mixup` makes of a batch, for `map`. */
export type Mixup = <Inputs extends Tensor | readonly Tensor[]>(batch: MixableBatch<Inputs>, position: Position) => { xs: Mixed<Inputs>; ys: Tensor<Float32Array> };

/**
 * Mixes the samples of a batch in pairs, and their targets alike (Zhang, Cisse, Dauphin, Lopez-Paz: "mixup: Beyond empirical risk minimization", ICLR
 * 2018): share · sample + (1 - share) · another, with a share of each sample's own, as Keras's `MixUp`. For batches: `rows.batch(32).map(mixup())`.
 * Shares and pairs depend on the seed and the place of the batch alone.
 * @throws LanewiseError `invalid-argument`; in a pass too, for class numbers as targets
 */
export function mixup({ alpha = 0.2, seed = 0 }: MixupOptions = {}): Mixup {
  requireOption(alpha, 'alpha', 'mixup', alpha > 0 && alpha <= 1, 'a number above 0, at most 1');
  requireSeed(seed, 'mixup');
  return <Inputs extends Tensor | readonly Tensor[]>(batch: MixableBatch<Inputs>, { pass, index }: Position) => {
    const where = `mixup, batch ${index}`;
    const targets = toTensor(batch.ys, `${where} targets`);
    requireMixable(batch, targets, where);
    const several: boolean = Array.isArray(batch.xs);
    const inputs = (several ? (batch.xs as readonly Tensor[]) : [batch.xs as Tensor]).map((input) => toTensor(input, `${where} inputs`));
    const rows = targets.shape[0]!;
    const odd = inputs.find(({ shape }) => shape[0] !== rows);
    if (odd) throw new LanewiseError('invalid-shape', 'inputs and targets differ in number', { where, expected: `${rows} rows`, received: formatShape(odd.shape) });

    const random = streamOf(seed, pass, index);
    const partners = random.shuffle(Uint32Array.from({ length: rows }, (_, row) => row));
    const shares = Float64Array.from({ length: rows }, () => betaOf(random, alpha));
    const mixed = inputs.map((input) => mix(input, partners, shares));
    return { xs: (several ? mixed : mixed[0]!) as Mixed<Inputs>, ys: mix(targets, partners, shares) }; // a list where a list was given
  };
}

function requireMixable(batch: object, { shape }: Tensor, where: string): void {
  if (shape.length < 2) {
    throw new LanewiseError('invalid-argument', 'class numbers cannot be mixed', {
      where: `${where} targets`, expected: 'one-hot targets, [rows, classes]', received: formatShape(shape),
      remedy: 'Make them one-hot with map before batch, and compile with categoricalCrossentropy',
    });
  }
  if ('sampleWeight' in batch && batch.sampleWeight !== undefined) {
    throw new LanewiseError('invalid-argument', 'weights of samples that are mixed mean nothing', { where, remedy: 'Leave sampleWeight out' });
  }
}

/** A stream of its own for each batch of each pass. */
function streamOf(seed: number, pass: number, index: number): RandomStream {
  const [low, high] = streamKey(seed, Purpose.mixup, pass);
  return new RandomStream(low + (high >>> 11) * 2 ** 32, Purpose.mixup, index);
}

/** A number of Beta(alpha, alpha), alpha at most 1, by Jöhnk's method (Devroye, "Non-Uniform Random Variate Generation", 1986, IX.3.5), in logarithms. */
function betaOf(random: RandomStream, alpha: number): number {
  for (;;) {
    const x = logarithm(1 - random.uniform()) / alpha; // of (0, 1]
    const y = logarithm(1 - random.uniform()) / alpha;
    // both tiny: their sum may underflow, but only their quotient counts
    if (exponential(x) + exponential(y) <= 1) return 1 / (1 + exponential(y - x));
  }
}

function mix({ data, shape }: Tensor, partners: Uint32Array, shares: Float64Array): Tensor<Float32Array> {
  const size = sizeOf(shape.slice(1));
  const mixed = new Float32Array(data.length);
  shares.forEach((share, row) => {
    const [own, other] = [row * size, partners[row]! * size];
    for (let i = 0; i < size; i++) mixed[own + i] = share * data[own + i]! + (1 - share) * data[other + i]!;
  });
  return { data: mixed, shape };
}
