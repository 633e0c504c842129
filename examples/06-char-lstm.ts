/**
 * A network that writes: an LSTM learns from the characters so far what the next one is, then goes on from a beginning by itself.
 * Some seconds. With `--short`: two epochs, and nonsense.
 */
import { adam, layers, sequential } from 'lanewise';

const short = process.argv.includes('--short');
const TEXT = `the sun is up and the day is warm. the cat sat on the mat and saw the sun. the dog ran to the sea and saw a ship.
the ship is on the sea and the sea is calm. the wind is cold and the night is long. the cat ran to the man and the man sat on the sand.
the moon is up and the night is warm. the dog sat on the sand and saw the moon. the man ran to the ship and the ship is on the sea. `.replaceAll('\n', ' ');
const WINDOW = 24;

const alphabet = [...new Set(TEXT)].sort();
const idOf = new Map(alphabet.map((character, id) => [character, id]));
const ids = Uint8Array.from(TEXT, (character) => idOf.get(character)!);

// every stretch of the text, and the same one character later: what comes next at each step
const rows = ids.length - WINDOW;
const stretches = (shift: number) => ({
  data: Uint8Array.from({ length: rows * WINDOW }, (_, i) => ids[Math.floor(i / WINDOW) + (i % WINDOW) + shift]!), shape: [rows, WINDOW],
});

const model = sequential([
  layers.embedding({ inputDim: alphabet.length, outputDim: 16, inputShape: [WINDOW] }),
  layers.lstm({ units: 64, returnSequences: true }),
  layers.dense({ units: alphabet.length, activation: 'softmax' }),
], { seed: 1 });
await model.compile({ optimizer: adam({ learningRate: 5e-3, globalClipnorm: 1 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
await model.fit(stretches(0), stretches(1), {
  epochs: short ? 2 : 40, batchSize: 32,
  callbacks: {
    onEpochEnd(epoch, { loss, accuracy }) {
      if (short || (epoch + 1) % 10 === 0) console.log(`epoch ${epoch + 1}: loss ${loss.toFixed(3)}, ${(100 * accuracy!).toFixed(1)} % of the characters`);
    },
  },
});

/** A number from 0 to 1, the same each time the program runs (Park and Miller, 1988). */
let state = 7;
const chance = (): number => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;

/** The next character, by the probabilities of the last step; lower temperatures dare less. */
async function next(text: string, temperature: number): Promise<string> {
  const window = text.slice(-WINDOW).padStart(WINDOW, ' ');
  const { data } = await model.predict({ data: Uint8Array.from(window, (character) => idOf.get(character)!), shape: [1, WINDOW] });
  const weights = data.slice(-alphabet.length).map((probability) => probability ** (1 / temperature));
  let left = chance() * weights.reduce((sum, weight) => sum + weight, 0);
  return alphabet[weights.findIndex((weight) => (left -= weight) <= 0)] ?? ' ';
}

let text = 'the man sat on the mat and ';
for (let length = short ? 20 : 200; length > 0; length--) text += await next(text, 0.5);
console.log(text);
