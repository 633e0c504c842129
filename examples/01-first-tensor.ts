/** Numbers in, numbers out: a tensor is a typed array and a shape; a model turns one into another. */
import { layers, sequential, sgd } from 'lanewise';

const celsius = { data: Float32Array.of(-40, 0, 20, 37, 100), shape: [5, 1] }; // 5 rows of 1 value
const fahrenheit = { data: celsius.data.map((value) => 1.8 * value + 32), shape: [5, 1] };

// one unit: y = kernel · x + bias; the rescaling keeps the numbers small
const model = sequential([layers.rescaling({ scale: 1 / 100, inputShape: [1] }), layers.dense({ units: 1 }), layers.rescaling({ scale: 100 })], { seed: 1 });
await model.compile({ optimizer: sgd({ learningRate: 5e-5, momentum: 0.9 }), loss: 'mse' });
await model.fit(celsius, fahrenheit, { epochs: 1000, batchSize: 5 });

const { data, shape } = await model.predict([[25], [30]]); // nested arrays do as well
console.log(`25 °C are ${data[0]!.toFixed(1)} °F, 30 °C are ${data[1]!.toFixed(1)} °F; the output's shape is [${shape.join(', ')}]`);
for (const { name, tensor } of model.namedWeights()) console.log(name, [...tensor.data]);
