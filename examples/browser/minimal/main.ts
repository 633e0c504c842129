/** The least a page needs: a network learns which points lie within a circle. `trainInWorker` trains beside the page, which stays free. */
import { adam, layers, sequential, trainInWorker } from 'lanewise';

const ROWS = 1024;
const points = Float32Array.from({ length: 2 * ROWS }, () => 2 * Math.random() - 1);
const inside = Float32Array.from({ length: ROWS }, (_, row) => Number(Math.hypot(points[2 * row]!, points[2 * row + 1]!) < 0.8));

const model = sequential([
  layers.dense({ units: 16, activation: 'relu', inputShape: [2] }), layers.dense({ units: 16, activation: 'relu' }),
  layers.dense({ units: 1, activation: 'sigmoid' }),
]);
const output = document.querySelector('output')!;

const training = trainInWorker(model, { data: points, shape: [ROWS, 2] }, { data: inside, shape: [ROWS, 1] }, {
  compile: { optimizer: adam({ learningRate: 0.01 }), loss: 'binaryCrossentropy', metrics: ['accuracy'] },
  fit: { epochs: 30, batchSize: 32 },
  onEpochEnd: (epoch, { accuracy }) => (output.textContent = `Epoch ${epoch + 1}: ${(100 * accuracy!).toFixed(1)} % right`),
});
const { history } = await training.finished;
output.textContent = `Done: ${(100 * history.accuracy!.at(-1)!).toFixed(1)} % right`;
