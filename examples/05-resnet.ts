/**
 * A small residual network, by the functional API: skip connections around pairs of convolutions, each with batch normalisation.
 * Stand-in garments, half a minute. With `--short`: one epoch of a few.
 */
import { adam, input, layers, model } from 'lanewise';
import type { SymbolicTensor } from 'lanewise';
import { generateGarments } from 'lanewise/data';

const short = process.argv.includes('--short');
const { train, test } = generateGarments(short ? { trainCount: 256, testCount: 64 } : { trainCount: 6000, testCount: 1000 });

const convolution = (x: SymbolicTensor, filters: number, kernelSize: number, strides: number): SymbolicTensor =>
  layers.batchNormalization().apply(layers.conv2d({ filters, kernelSize, strides, padding: 'same', useBias: false, kernelInitializer: 'heNormal' }).apply(x));

/** Two convolutions and a way around them. */
function residual(x: SymbolicTensor, filters: number, strides = 1): SymbolicTensor {
  const inner = convolution(layers.relu().apply(convolution(x, filters, 3, strides)), filters, 3, 1);
  const around = strides === 1 && x.shape.at(-1) === filters ? x : convolution(x, filters, 1, strides);
  return layers.relu().apply(layers.add().apply([inner, around]));
}

const images = input({ shape: [28, 28, 1] });
let x = layers.relu().apply(convolution(layers.rescaling({ scale: 1 / 255 }).apply(images), 16, 3, 2));
for (const [filters, strides] of [[16, 1], [32, 2], [64, 2]] as const) x = residual(x, filters, strides);
const outputs = layers.dense({ units: 10, activation: 'softmax' }).apply(layers.dropout({ rate: 0.3 }).apply(layers.flatten().apply(x)));
const network = model({ inputs: images, outputs, seed: 1, name: 'resnet' });
console.log(String(network.summary()));

await network.compile({ optimizer: adam({ learningRate: 2e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
await network.fit(train.images, train.labels, {
  epochs: short ? 1 : 5, batchSize: 64, validationData: [test.images, test.labels],
  callbacks: {
    onEpochEnd(epoch, { loss, valAccuracy, seconds }) {
      console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(4)}, test accuracy ${(100 * valAccuracy!).toFixed(1)} %, ${seconds.toFixed(1)} s`);
    },
  },
});
