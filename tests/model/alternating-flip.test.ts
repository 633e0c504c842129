/** Epochs that show images in turn as they are and mirrored. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { adam, alternatingFlip, dataset, infoBatch, input, layers, model as functional, sequential, trainInWorker } from '../../src/entry.node.js';
import type { CompileOptions, FitOptions, Sequential, Tensor } from '../../src/entry.node.js';
import type { Batching } from '../../src/model/feeds/sampler.js';
import { epochOrder } from '../../src/random.js';
import { classifier, classify, randomLabels, randomTensor, refused, stoppedAfter, timeless, weightsHash } from './helpers.js';

const ROWS = 40;
const BATCH = 7;
const SHAPE = [3, 5, 2] as const;
const SIZE = 30;
const x = randomTensor([ROWS, ...SHAPE], 1);
const y = randomLabels(ROWS, 3, 2);
const compile = { ...classify, optimizer: adam({ learningRate: 0.02 }) } satisfies CompileOptions;

async function begin(changes: Partial<CompileOptions> = {}): Promise<Sequential> {
  const model = sequential([layers.conv2d({ filters: 4, kernelSize: 2, activation: 'relu', inputShape: SHAPE }), layers.flatten(), layers.dense({ units: 3 })], { seed: 1 });
  await model.compile({ ...compile, ...changes });
  return model;
}

const imageOf = ({ data }: Tensor, row: number): number[] => [...data.subarray(row * SIZE, (row + 1) * SIZE)];

function mirrored(image: readonly number[]): number[] {
  const [height, width, channels] = SHAPE;
  return Array.from({ length: height * width * channels }, (_, i) => {
    const [h, w, c] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width, i % channels];
    return image[(h * width + (width - 1 - w)) * channels + c]!;
  });
}

/** The images that an epoch shows, by row, and the order in which they come. */
async function shown(epoch: number, { images = x, from = 0, ...batching }: Partial<Batching> & { images?: Tensor; from?: number } = {}): Promise<{ images: Map<number, number[]>; order: number[] }> {
  const feed = alternatingFlip().feed({ rows: ROWS, inputs: [images], targets: [y] }, { batchSize: BATCH, shuffle: true, seed: 5, outputs: [{ shape: [3] }], ...batching });
  const seen = new Map<number, number[]>();
  for await (const { data, order, start, count } of feed.steps(epoch, from)) {
    for (let i = start; i < start + count; i++) seen.set(order?.[i] ?? i, imageOf(data.inputs[0]!, order?.[i] ?? i));
    assert.equal(data.targets[0], y);
  }
  return { images: seen, order: [...seen.keys()] };
}

describe('alternatingFlip', () => {
  it('shows each image as it is in one epoch and mirrored in the next, half of them at a time', async () => {
    const epochs = await Promise.all([0, 1, 2, 3].map((epoch) => shown(epoch)));
    const isMirrored = (epoch: number): boolean[] => Array.from({ length: ROWS }, (_, row) => {
      const image = epochs[epoch]!.images.get(row)!;
      const [plain, turned] = [imageOf(x, row), mirrored(imageOf(x, row))];
      assert.notDeepEqual(plain, turned);
      assert.deepEqual(image, image[0] === turned[0] ? turned : plain);
      return image[0] === turned[0];
    });
    const first = isMirrored(0);
    assert.deepEqual(isMirrored(1), first.map((is) => !is));
    assert.deepEqual([isMirrored(2), isMirrored(3)], [first, isMirrored(1)]);
    const count = first.filter(Boolean).length;
    assert.ok(count > 10 && count < 30, `${count} of ${ROWS}`); // binomial, 3 deviations and more
    assert.notDeepEqual([...(await shown(0, { seed: 6 })).images].sort(), [...epochs[0]!.images].sort(), 'another seed, other images');
  });

  it('keeps the order of an epoch, begins at any batch, and takes bytes as they are', async () => {
    assert.deepEqual((await shown(3)).order, [...epochOrder(5, 3, ROWS)]);
    assert.deepEqual((await shown(3, { shuffle: false })).order, [...y.data.keys()]);
    assert.deepEqual([...(await shown(3, { from: 2 })).images], [...(await shown(3)).images].slice(2 * BATCH));
    const bytes = { data: Uint8Array.from(x.data, (value) => 100 * (value + 1)), shape: x.shape };
    for (const [row, image] of (await shown(1, { images: bytes })).images) {
      assert.ok([imageOf(bytes, row), mirrored(imageOf(bytes, row))].some((expected) => expected.join() === image.join()));
    }
  });

  it('trains on what it says, and leaves the images alone', async () => {
    const before = Float32Array.from(x.data);
    const [trained, byHand] = [await begin(), await begin()];
    const history = await trained.fit(x, y, { epochs: 3, batchSize: BATCH, sampler: alternatingFlip(), validationData: [x, y] });
    assert.deepEqual(x.data, before);
    for (let epoch = 0; epoch < 3; epoch++) {
      const { images, order } = await shown(epoch, { seed: byHand.seed });
      for (let start = 0; start < ROWS; start += BATCH) {
        const rows = order.slice(start, start + BATCH);
        await byHand.trainOnBatch({ data: Float32Array.from(rows.flatMap((row) => images.get(row)!)), shape: [rows.length, ...SHAPE] }, { data: Uint8Array.from(rows, (row) => y.data[row]!), shape: [rows.length] });
      }
    }
    assert.equal(weightsHash(trained), weightsHash(byHand));
    assert.equal(history.history.valLoss!.at(-1), (await trained.evaluate(x, y)).loss, 'validation sees images as they are');
    [trained, byHand].forEach((model) => model.close());
  });

  const fit = { epochs: 3, batchSize: BATCH, sampler: alternatingFlip(), validationData: [x, y] } satisfies FitOptions;

  it('stopped at any step and resumed, comes to the bits of a run that did not stop', async () => {
    const whole = await begin();
    const history = await whole.fit(x, y, fit);
    const { progress } = whole.checkpoint();
    for (let step = 1; step <= progress.step; step += 2) {
      const model = await begin();
      const resume = await stoppedAfter(step, model, (changes) => model.fit(x, y, { ...fit, ...changes }));
      const resumed = await begin({ threads: 1 + (step % 3) });
      assert.deepEqual(timeless(await resumed.fit(x, y, { ...fit, resume })), timeless(history), `stopped after step ${step}`);
      assert.equal(weightsHash(resumed), weightsHash(whole), `stopped after step ${step}`);
      resumed.close();
    }
    const resume = whole.checkpoint();
    for (const other of [{ epochs: 4, batchSize: BATCH, validationData: [x, y] as const }, { ...fit, epochs: 4, sampler: infoBatch() }]) {
      await assert.rejects(whole.fit(x, y, { ...other, resume }), refused('checkpoint-mismatch', /sampler/));
    }
    whole.close();
  });

  it('works in a worker, to the same bits', async () => {
    const [here, there] = [await begin(), await begin()];
    const history = await here.fit(x, y, fit);
    assert.deepEqual(timeless(await trainInWorker(there, x, y, { compile, fit }).finished), timeless(history));
    assert.equal(weightsHash(there), weightsHash(here));
    [here, there].forEach((model) => model.close());
  });

  it('refuses what are no images, several inputs, and datasets', async () => {
    const flat = classifier();
    await flat.compile(classify);
    await assert.rejects(flat.fit(randomTensor([ROWS, 4], 1), y, { sampler: alternatingFlip() }), refused('invalid-argument', /images.*\[40, 4\]/));
    flat.close();
    const inputs = [input({ shape: SHAPE }), input({ shape: SHAPE })];
    const two = functional({ inputs, outputs: layers.dense({ units: 3 }).apply(layers.flatten().apply(layers.add().apply(inputs))) });
    await two.compile(classify);
    await assert.rejects(two.fit([x, x], y, { sampler: alternatingFlip() }), refused('invalid-argument', /one input/));
    two.close();
    const model = await begin();
    await assert.rejects(model.fit(dataset.fromArrays(x, y).batch(4), { sampler: alternatingFlip() } as object), refused('invalid-argument', /sampler/));
    model.close();
  });
});
