/** The smallest network that needs a hidden layer. */
import { adam, layers, sequential } from 'lanewise';

const inputs = [[0, 0], [0, 1], [1, 0], [1, 1]];
const targets = [[0], [1], [1], [0]];

const model = sequential([layers.dense({ units: 8, activation: 'tanh', inputShape: [2] }), layers.dense({ units: 1, activation: 'sigmoid' })], { seed: 3 });
console.log(String(model.summary()));
await model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: 'mse' });
const { history } = await model.fit(inputs, targets, { epochs: 300, batchSize: 4 });
console.log(`loss ${history.loss!.at(0)!.toFixed(3)} → ${history.loss!.at(-1)!.toFixed(6)}`);

const { data } = await model.predict(inputs);
inputs.forEach(([a, b], row) => console.log(`${a} xor ${b} = ${Math.round(data[row]!)} (${data[row]!.toFixed(3)})`));
