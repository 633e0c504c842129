/**
 * The recurrent network of the README by API: three recurrent layers and a dense one predict the next sample of signals at every step.
 * 1 500 epochs take some seconds. With `--short`: five epochs.
 */
import { adam, layers, schedules, sequential } from 'lanewise';
import { generateSignals, nextSampleWindows, persistenceBaseline, splitRows } from 'lanewise/data';

const epochs = process.argv.includes('--short') ? 5 : 1500;
const [train, test] = splitRows(generateSignals({ count: 100, length: 500, seed: 42 }), 66);
const training = nextSampleWindows(train);
const testing = nextSampleWindows(test);

const recurrent = (units: number) => layers.simpleRNN({ units, returnSequences: true });
const model = sequential([
  layers.rescaling({ scale: 1 / 3.5, inputShape: [499, 1] }),
  recurrent(20), recurrent(10), recurrent(5),
  layers.dense({ units: 1 }),
  layers.rescaling({ scale: 3.5 }),
], { seed: 1 });
await model.compile({
  optimizer: adam({ learningRate: schedules.oneCycle({ maxLearningRate: 1e-2, totalSteps: epochs }), globalClipnorm: 1 }), loss: 'mse',
});
await model.fit(training.x, training.y, {
  epochs, batchSize: 66,
  callbacks: {
    onEpochEnd(epoch, { loss, stepMs }) {
      if ((epoch + 1) % 250 === 0) console.log(`epoch ${epoch + 1}: training loss ${loss.toFixed(4)}, ${stepMs.toFixed(1)} ms a step`);
    },
  },
});
const { loss } = await model.evaluate(testing.x, testing.y);
console.log(`mean squared error on new signals: ${loss.toFixed(4)}; of the last sample as the guess for the next one: ${persistenceBaseline(test, 1).testLoss.toFixed(2)}`);
