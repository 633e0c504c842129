/** The optimizers and what they have in common, over several steps, against the reference fed with the reference's gradients. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adagrad, adam, adamW, lion, muon, rmsprop, sgd } from '../../src/entry.node.js';
import type { Optimizer, Sequential } from '../../src/entry.node.js';
import { adagradStep, adamStep, assertClose, clipByGlobalNorm, lionStep, map, muonStep, rmspropStep, sgdStep, type Values } from '../reference/index.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { Network } from '../layers/network.js';
import { twins, type Twin } from '../layers/twins.js';
import { assertSteps, type Reference } from './optimizer-steps.js';
import { classifier, classify, randomLabels, randomTensor, refused, weightsHash } from './helpers.js';

/** Of the rate: far above the error of a gradient in float32, far below what another formula would give. */
const TOLERANCE = 2e-4;

const descent = (rate: number): Reference => (weights, gradients) => sgdStep({ weights, gradients, learningRate: rate }).weights;
function remembering<Memory extends object>(
  step: (options: { weights: Values; gradients: Values } & Partial<Memory>, move: number) => { weights: Float64Array } & Memory,
): Reference {
  let memory: Partial<Memory> = {};
  return (weights, gradients, move) => {
    const { weights: next, ...rest } = step({ weights, gradients, ...memory }, move);
    memory = rest as unknown as Memory;
    return next;
  };
}
const decaying = (reference: Reference, share: number): Reference => (weights, gradients, move) => reference(map(weights, (value) => value * (1 - share)), gradients, move);
/** The gradients of each of the network's weights by itself: kernel [3, 5], bias [5], kernel [5, 2], bias [2]. */
const byWeight = (gradients: Values): Float64Array[] => [[0, 15], [15, 20], [20, 30], [30, 32]].map(([from, to]) => Float64Array.from(gradients).slice(from, to));
const joined = (parts: readonly Float64Array[]): Float64Array => Float64Array.from(parts.flatMap((part) => [...part]));

const zeros = new Float64Array(32);
const adamReference = (rate: number): Reference => remembering<{ m: Float64Array; v: Float64Array }>((options, move) => adamStep({ ...options, step: move + 1, learningRate: rate }));

/** A kernel by Muon, the other weights by Adam. `matrices`: which of the two kernels. */
function muonReference(rate: number, matrices: readonly (0 | 2)[], options: { momentum: number; nesterov: boolean; steps: number; rmsRate: number }): Reference {
  const shapes = [[3, 5], [1, 5], [5, 2], [1, 2]] as const;
  const references = shapes.map(([rows, columns], index): Reference => {
    if (index !== 0 && index !== 2 || !matrices.includes(index)) return adamReference(rate);
    return remembering<{ m: Float64Array }>(({ m = new Float64Array(rows * columns), ...step }) => muonStep({ ...step, ...options, m, rows, columns, learningRate: rate }));
  });
  return (weights, gradients, move) => {
    const [ownWeights, ownGradients] = [byWeight(weights), byWeight(gradients)];
    return joined(references.map((reference, index) => reference(ownWeights[index]!, ownGradients[index]!, move)));
  };
}

const cases: Readonly<Record<string, { optimizer: Optimizer; reference: () => Reference; rate: number }>> = {
  'rmsprop by default': {
    optimizer: rmsprop(), rate: 1e-3,
    reference: () => remembering((options) => rmspropStep({ ...options, learningRate: 1e-3, rho: 0.9, epsilon: 1e-7 })),
  },
  'rmsprop with everything': {
    optimizer: rmsprop({ learningRate: 0.01, rho: 0.8, momentum: 0.5, centered: true, epsilon: 1e-3 }), rate: 0.01,
    reference: () => remembering((options) => rmspropStep({ ...options, learningRate: 0.01, rho: 0.8, momentum: 0.5, centered: true, epsilon: 1e-3 })),
  },
  'adagrad by default': {
    optimizer: adagrad(), rate: 1e-3,
    reference: () => remembering<{ a: Float64Array }>(({ a = map(zeros, () => 0.1), ...options }) => adagradStep({ ...options, a, learningRate: 1e-3, epsilon: 1e-7 })),
  },
  'lion by default': {
    optimizer: lion(), rate: 1e-3,
    reference: () => remembering<{ m: Float64Array }>(({ m = zeros, ...options }) => lionStep({ ...options, m, learningRate: 1e-3, beta1: 0.9, beta2: 0.99 })),
  },
  'muon by default': {
    optimizer: muon(), rate: 1e-3,
    reference: () => decaying(muonReference(1e-3, [0, 2], { momentum: 0.95, nesterov: true, steps: 5, rmsRate: 0.2 }), 0.004 * 1e-3),
  },
  'muon with everything': {
    optimizer: muon({ learningRate: 0.01, momentum: 0.8, nesterov: false, nsSteps: 4, rmsRate: 0.5, excludeLayers: ['dense_2'], weightDecay: 0 }), rate: 0.01,
    reference: () => muonReference(0.01, [0], { momentum: 0.8, nesterov: false, steps: 4, rmsRate: 0.5 }),
  },
  'adamW by default': { optimizer: adamW(), rate: 1e-3, reference: () => decaying(adamReference(1e-3), 0.004 * 1e-3) },
  'adam with weight decay': { optimizer: adam({ learningRate: 0.01, weightDecay: 0.5 }), rate: 0.01, reference: () => decaying(adamReference(0.01), 0.5 * 0.01) },
  'sgd with weight decay': { optimizer: sgd({ learningRate: 0.1, weightDecay: 0.2 }), rate: 0.1, reference: () => decaying(descent(0.1), 0.2 * 0.1) },
  'clipvalue': {
    optimizer: sgd({ learningRate: 1, clipvalue: 0.02 }), rate: 1,
    reference: () => (weights, gradients) => descent(1)(weights, map(gradients, (value) => Math.min(Math.max(value, -0.02), 0.02)), 0),
  },
  'clipnorm, of each weight': {
    optimizer: sgd({ learningRate: 1, clipnorm: 0.05 }), rate: 1,
    reference: () => (weights, gradients) => descent(1)(weights, joined(byWeight(gradients).map((own) => clipByGlobalNorm([own], 0.05)[0]!)), 0),
  },
};

describe('an optimizer', () => {
  for (const [name, { optimizer, reference, rate }] of Object.entries(cases)) {
    it(`takes the steps of the reference: ${name}`, () => assertSteps(optimizer, reference(), (weight) => TOLERANCE * rate + 2 ** -23 * Math.abs(weight)));
  }

  it('is refused with options out of range, or two ways of clipping', () => {
    for (const make of [sgd, adam, adamW, rmsprop, adagrad, lion, muon]) {
      for (const wrong of [{ weightDecay: -1 }, { clipnorm: 0 }, { clipvalue: NaN }, { globalClipnorm: -1 }, { gradientAccumulationSteps: 0.5 }, { gradientAccumulationSteps: 0 }, { emaMomentum: 2 }]) {
        assert.throws(() => make(wrong), refused('invalid-argument', new RegExp(Object.keys(wrong)[0]!)));
      }
      assert.throws(() => make({ clipnorm: 1, clipvalue: 1 }), refused('invalid-argument', /more than one way/));
    }
    assert.throws(() => rmsprop({ rho: 1 }), refused('invalid-argument', /rho/));
    assert.throws(() => adagrad({ initialAccumulatorValue: -1 }), refused('invalid-argument', /initialAccumulatorValue/));
    assert.throws(() => lion({ beta2: 1 }), refused('invalid-argument', /beta2/));
    for (const wrong of [{ momentum: 1 }, { nsSteps: 0 }, { rmsRate: 0 }, { adamLrRatio: -1 }, { adamBeta1: -1 }, { adamBeta2: 1 }, { epsilon: 0 }]) {
      assert.throws(() => muon(wrong), refused('invalid-argument', new RegExp(Object.keys(wrong)[0]!)));
    }
  });
});

describe('muon', () => {
  const options = { momentum: 0.95, nesterov: true, steps: 5, rmsRate: 0.2, learningRate: 0.01 };
  const networks: Readonly<Record<string, { twins: readonly Twin[]; matrices: RegExp }>> = {
    'a convolution, which is a tall matrix, and wide dense layers': {
      twins: [twins.conv2d({ filters: 9, kernelSize: 3, inputShape: [6, 7, 5] }), twins.flatten(), twins.dense({ units: 37, activation: 'tanh' }), twins.dense({ units: 45 })],
      matrices: /kernel/,
    },
    'a depthwise convolution, which is no matrix, and one output': {
      twins: [twins.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, inputShape: [6, 7, 5] }), twins.flatten(), twins.dense({ units: 1 })], matrices: /none/,
    },
    'an embedding and a recurrent layer': {
      twins: [twins.embedding({ inputDim: 12, outputDim: 6, inputShape: [5] }), twins.lstm({ units: 7 }), twins.dense({ units: 3 })], matrices: /kernel|recurrent/i,
    },
  };
  for (const [name, { twins: layers, matrices }] of Object.entries(networks)) {
    it(`brings matrices near orthogonal ones: ${name}`, async () => {
      const small = new Network({ twins: layers, batch: 60, loss: 'mse' });
      await small.model.compile({ optimizer: muon({ learningRate: options.learningRate, weightDecay: 0 }), loss: 'mse', threads: 2 });
      const before = small.weights, gradient = small.gradient(before);
      await small.model.trainOnBatch(small.tensors.x, small.tensors.y);
      const after = small.weights;
      small.model.close();
      let start = 0;
      for (const { name: weight, shape } of small.model.weightSpecs) {
        const size = sizeOf(shape), columns = shape.at(-1)!;
        const own = (values: Values): Float64Array => Float64Array.from(values).slice(start, start + size);
        const zero = new Float64Array(size);
        const step = { weights: own(before), gradients: own(gradient), m: zero };
        const exact = matrices.test(weight) ? muonStep({ ...step, ...options, rows: size / columns, columns }) : adamStep({ ...step, step: 1, learningRate: options.learningRate });
        assertClose(own(after), exact.weights, 1e-3 * options.learningRate, weight);
        start += size;
      }
    });
  }
});

const x = randomTensor([12, 4], 1);
const y = randomLabels(12, 3, 2);

async function trained(optimizer: Optimizer, batchSize: number, epochs = 3, threads = 1): Promise<Sequential> {
  const model = classifier();
  await model.compile({ ...classify, optimizer, threads });
  await model.fit(x, y, { epochs, batchSize, shuffle: false });
  return model;
}

describe('gradientAccumulationSteps', () => {
  it('of two halves of a batch move as the whole batch does', async () => {
    for (const make of [(steps: number) => sgd({ learningRate: 0.1, gradientAccumulationSteps: steps, weightDecay: 0.1 }), (steps: number) => adam({ gradientAccumulationSteps: steps, clipnorm: 0.1 })]) {
      const [whole, halves] = [await trained(make(1), 6), await trained(make(2), 3)];
      whole.getWeights().forEach(({ data }, i) => assertClose(halves.getWeights()[i]!.data, data, 2e-5, `weight ${i}`));
      [whole, halves].forEach((model) => model.close());
    }
  });

  it('leaves the weights alone in between', async () => {
    const model = classifier();
    await model.compile({ ...classify, optimizer: sgd({ gradientAccumulationSteps: 3, weightDecay: 0.1 }) });
    const hashes = [weightsHash(model)];
    for (let step = 0; step < 6; step++) {
      await model.trainOnBatch(x, y);
      hashes.push(weightsHash(model));
    }
    assert.deepEqual(hashes.map((hash, i) => i > 0 && hash !== hashes[i - 1]), [false, false, false, true, false, false, true]);
    model.close();
  });
});

describe('useEma', () => {
  const optimizer = (): Optimizer => sgd({ learningRate: 0.5, useEma: true, emaMomentum: 0.7 });

  it('puts the moving average in the place of the weights at the end of fit, and validates with it', async () => {
    const plain = classifier();
    await plain.compile({ ...classify, optimizer: sgd({ learningRate: 0.5 }) });
    let average: Float64Array[] | undefined;
    const callbacks = {
      onBatchEnd: () => {
        const now = plain.getWeights().map(({ data }) => Float64Array.from(data));
        average = average ? now.map((values, i) => map(values, (value, j) => 0.7 * average![i]![j]! + 0.3 * value)) : now;
      },
    };
    await plain.fit(x, y, { epochs: 3, batchSize: 5, callbacks });
    const model = classifier();
    await model.compile({ ...classify, optimizer: optimizer() });
    const raw: string[] = [];
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 5, validationData: [x, y], callbacks: { onEpochEnd: () => void raw.push(weightsHash(model)) } });
    model.getWeights().forEach(({ data }, i) => assertClose(data, average![i]!, 1e-5, `weight ${i}`));
    assert.equal(raw[2], weightsHash(plain), 'until then they are the weights');
    assert.equal((await model.evaluate(x, y)).loss, history.valLoss![2]);
    [plain, model].forEach((each) => each.close());
  });

  it('keeps the weights themselves in checkpoints: a longer run goes on from them', async () => {
    const whole = await trained(optimizer(), 5, 5);
    const model = await trained(optimizer(), 5, 3);
    const shown = weightsHash(model);
    const resume = model.checkpoint();
    assert.equal(weightsHash(model), shown, 'taking a checkpoint changes nothing');
    await model.fit(x, y, { epochs: 5, batchSize: 5, shuffle: false, resume });
    assert.equal(weightsHash(model), weightsHash(whole));
    [whole, model].forEach((each) => each.close());
  });

  it('goes on from the average where training goes on without a checkpoint', async () => {
    const model = await trained(optimizer(), 12, 1);
    const before = model.getWeights();
    await model.trainOnBatch(x, y);
    const plain = classifier();
    plain.setWeights(before);
    await plain.compile({ ...classify, optimizer: sgd({ learningRate: 0.5 }) });
    await plain.trainOnBatch(x, y);
    assert.equal(weightsHash(model), weightsHash(plain));
    [model, plain].forEach((each) => each.close());
  });
});

it('all optimizers give the same bits on 1, 2 and 4 threads', async () => {
  for (const make of [sgd, adamW, rmsprop, adagrad, lion, muon]) {
    const hashes = new Set<string>();
    for (const threads of [1, 2, 4]) {
      const model = await trained(make({ learningRate: 0.05, weightDecay: 0.01, clipnorm: 0.5, useEma: true, gradientAccumulationSteps: 2 }), 4, 2, threads);
      hashes.add(weightsHash(model));
      model.close();
    }
    assert.equal(hashes.size, 1, make.name);
  }
});
