/**
 * A forecaster: a GRU reads two days of hourly values and gives the next twelve at once. It is compared with two guesses that need no network.
 * Some seconds. With `--short`: two epochs.
 */
import { adam, layers, schedules, sequential } from 'lanewise';

const epochs = process.argv.includes('--short') ? 2 : 30;
const [PAST, AHEAD, DAY] = [48, 12, 24];

/** Noise between -1 and 1, the same each time the program runs (Park and Miller, 1988). */
let state = 42;
const noise = (): number => ((state = (state * 48271) % 0x7fffffff) / 0x7fffffff) * 2 - 1;

/** A made-up load of a power grid by the hour: days, weeks, and weather that changes slowly. */
let weather = 0;
const series = Float32Array.from({ length: 120 * DAY }, (_, hour) => {
  weather = 0.98 * weather + 0.1 * noise();
  const weekend = Math.floor(hour / DAY) % 7 > 4 ? -0.4 : 0;
  return Math.sin((2 * Math.PI * hour) / DAY) + 0.4 * Math.sin((4 * Math.PI * hour) / DAY) + weekend + weather + 0.05 * noise();
});

/** Stretches of `length` hours, one for each hour of [first, last). */
const windows = (first: number, last: number, shift: number, length: number) => ({
  data: Float32Array.from({ length: (last - first) * length }, (_, i) => series[first + Math.floor(i / length) + shift + (i % length)]!), shape: [last - first, length],
});
const split = 96 * DAY; // the last days are for testing
const end = series.length - PAST - AHEAD;
const pasts = (first: number, last: number) => ({ data: windows(first, last, 0, PAST).data, shape: [last - first, PAST, 1] });
const [train, test] = [[0, split - PAST - AHEAD], [split, end]].map(([first, last]) => ({ x: pasts(first!, last!), y: windows(first!, last!, PAST, AHEAD) }));

const model = sequential([
  layers.gru({ units: 24, returnSequences: true, inputShape: [PAST, 1] }),
  layers.gru({ units: 24 }),
  layers.dense({ units: AHEAD }),
], { seed: 1 });
const batchSize = 64;
const totalSteps = epochs * Math.ceil(train!.x.shape[0]! / batchSize);
await model.compile({ optimizer: adam({ learningRate: schedules.oneCycle({ maxLearningRate: 1e-2, totalSteps }), globalClipnorm: 1 }), loss: 'mse' });
await model.fit(train!.x, train!.y, {
  epochs, batchSize,
  callbacks: {
    onEpochEnd(epoch, { loss }) {
      if ((epoch + 1) % 10 === 0) console.log(`epoch ${epoch + 1}: training loss ${loss.toFixed(4)}`);
    },
  },
});

/** Mean squared error of a guess for hour `ahead`, 0 and up, after each past of the test. */
function errorOf(guess: (row: number, ahead: number) => number): string {
  const { data, shape: [rows] } = test!.y;
  return (data.reduce((sum, value, i) => sum + (guess(Math.floor(i / AHEAD), i % AHEAD) - value) ** 2, 0) / (rows! * AHEAD)).toFixed(3);
}
const { data: forecast } = await model.predict(test!.x);
const past = (row: number, hour: number): number => test!.x.data[row * PAST + hour]!;
console.log(`mean squared error of the next ${AHEAD} hours: ${errorOf((row, ahead) => forecast[row * AHEAD + ahead]!)};`,
  `of the last hour as the guess: ${errorOf((row) => past(row, PAST - 1))}; of the same hour the day before: ${errorOf((row, ahead) => past(row, PAST - DAY + ahead))}`);
