/** Short trainings that every engine must bring to the same bits. Imported by tests in Node and by pages. */
import type * as Lanewise from '../../src/index.js';

type Library = typeof Lanewise;

/** Numbers from 0 to 1, from a generator whose arithmetic is exact in doubles. */
export function numbers(length: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length }, () => (state = (state * 16807) % 2147483647) / 2147483647);
}

export const labels = (rows: number, classes: number): Uint8Array<ArrayBuffer> => Uint8Array.from(numbers(rows, 7), (value) => Math.floor(value * classes));

/** A small cousin of the convolutional network: Winograd's method, pooling, dropout, Adam. */
export function cnn({ layers, sequential }: Library): Lanewise.Sequential {
  return sequential([
    layers.rescaling({ scale: 1 / 255, inputShape: [14, 14, 1] }), layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
    layers.maxPooling2d({ poolSize: 2 }), layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }), layers.flatten(),
    layers.dropout({ rate: 0.3 }), layers.dense({ units: 32, activation: 'relu' }), layers.dense({ units: 10, activation: 'softmax' }),
  ], { seed: 42 });
}

export const images = (rows: number): Lanewise.TensorInput => ({ data: Uint8Array.from(numbers(rows * 196, 3), (value) => Math.floor(value * 256)), shape: [rows, 14, 14, 1] });

/** Trains the convolutional network, by Adam and by Muon, and a recurrent one for some steps. Gives the digest of their weights. */
export async function train(library: Library, options: { threads?: number; build?: Lanewise.Build } = {}): Promise<{ digests: string[]; threads: number }> {
  const { adam, layers, muon, sequential, weightsSha256 } = library;
  const first = cnn(library);
  await first.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], ...options });
  await first.fit(images(96), { data: labels(96, 10), shape: [96] }, { epochs: 2, batchSize: 32 });
  const { threads } = first;
  const second = sequential([
    layers.simpleRNN({ units: 9, returnSequences: true, dropout: 0.2, inputShape: [20, 1] }), layers.simpleRNN({ units: 5, returnSequences: true }),
    layers.dense({ units: 1 }),
  ], { seed: 7 });
  await second.compile({ optimizer: adam({ learningRate: 0.01, globalClipnorm: 0.5 }), loss: 'mse', ...options });
  await second.fit({ data: numbers(48 * 20, 11), shape: [48, 20, 1] }, { data: numbers(48 * 20, 13), shape: [48, 20, 1] }, { epochs: 3, batchSize: 16 });
  const third = cnn(library);
  await third.compile({ optimizer: muon({ excludeLayers: ['dense_2'] }), loss: 'sparseCategoricalCrossentropy', ...options }); // beyond the core by its optimizer alone
  await third.fit(images(96), { data: labels(96, 10), shape: [96] }, { epochs: 1, batchSize: 32 });
  const digests: string[] = [];
  for (const model of [first, second, third]) {
    digests.push(await weightsSha256(model.getWeights()));
    model.close();
  }
  return { digests, threads };
}
