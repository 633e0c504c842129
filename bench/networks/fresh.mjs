/**
 * What a process of its own costs, without a TypeScript loader in it: imports the built package by its name, compiles a seed network and trains a few
 * steps.
 *
 *   node fresh.mjs fashion-mnist|signals THREADS STEPS
 *
 * Prints one line of JSON: milliseconds of each part and since the process began, and the peak of resident memory in bytes.
 */
const [network, threads, steps] = process.argv.slice(2);

const timed = async (work) => {
  const begin = performance.now();
  const result = await work();
  return [performance.now() - begin, result];
};

const [importing, { adam, layers, sequential }] = await timed(() => import('lanewise'));
const images = network === 'fashion-mnist';

const classifier = () => [
  layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }), layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), layers.maxPooling2d(),
  layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), layers.flatten(), layers.dropout({ rate: 0.3 }), layers.dense({ units: 128 }),
  layers.dropout({ rate: 0.3 }), layers.dense({ units: 10, activation: 'softmax' }),
];
const predictor = () => [
  ...[20, 10, 5].map((units, index) => layers.simpleRNN({ units, returnSequences: true, dropout: 0.2, ...(index === 0 && { inputShape: [499, 1] }) })),
  layers.dense({ units: 1 }),
];
const [building, model] = await timed(() => sequential(images ? classifier() : predictor(), { seed: 1 }));
const [compiling] = await timed(() =>
  model.compile({
    loss: images ? 'sparseCategoricalCrossentropy' : 'meanSquaredError', optimizer: adam(), threads: Number(threads),
  }));
const ready = performance.now();

const rows = images ? 128 : 32;
const shape = images ? [rows, 28, 28, 1] : [rows, 499, 1];
const x = { data: new Float32Array(shape.reduce((product, size) => product * size)).fill(0.5), shape };
const y = images ? { data: new Uint8Array(rows), shape: [rows] } : x;
const [firstStep] = await timed(() => model.trainOnBatch(x, y));
for (let step = 1; step < Number(steps); step++) await model.trainOnBatch(x, y);
model.close();
console.log(JSON.stringify({ importing, building, compiling, ready, firstStep, residentBytes: 1024 * process.resourceUsage().maxRSS }));
