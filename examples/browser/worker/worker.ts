/** A worker by hand, where `trainInWorker` is not enough: everything of the library works here as in a page, and may take as long as it likes. */
import { adam, layers, sequential } from 'lanewise';

const STEPS = 40;
const waves = Float32Array.from({ length: 64 * STEPS }, (_, i) => Math.sin(Math.floor(i / STEPS) + 0.3 * (i % STEPS)));
const next = Float32Array.from({ length: 64 * STEPS }, (_, i) => Math.sin(Math.floor(i / STEPS) + 0.3 * ((i % STEPS) + 1)));

const model = sequential([
  layers.simpleRNN({ units: 16, returnSequences: true, inputShape: [STEPS, 1] }), layers.dense({ units: 1 }),
]);
await model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
const { history } = await model.fit({ data: waves, shape: [64, STEPS, 1] }, { data: next, shape: [64, STEPS, 1] }, {
  epochs: 20, batchSize: 16,
  callbacks: { onEpochEnd: (epoch, { loss }) => postMessage(`Epoch ${epoch + 1}: loss ${loss.toFixed(4)}`) },
});
postMessage(`Done: loss ${history.loss!.at(-1)!.toFixed(4)}`);
