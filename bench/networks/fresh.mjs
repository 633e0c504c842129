/**
 * What a process of its own costs, without a TypeScript loader in it: imports the built package, compiles a seed network and trains a few steps.
 *
 *   node fresh.mjs fashion-mnist|signals THREADS STEPS
 *
 * Prints one line of JSON: milliseconds of each part and since the process began, and the peak of resident memory in bytes.
 */
const [network, threads, steps] = process.argv.slice(2);
const built = new URL('../../build/js/', import.meta.url);

const timed = async (work) => {
  const begin = performance.now();
  const result = await work();
  return [performance.now() - begin, result];
};

const [importing, { fashionMnistNetwork, FASHION_MNIST_PRESETS, signalsNetwork, SIGNALS_PRESETS }] = await timed(async () => {
  await import(new URL('entry.node.js', built));
  return { ...(await import(new URL('networks/fashion-mnist.js', built))), ...(await import(new URL('networks/signals.js', built))) };
});
const images = network === 'fashion-mnist';
const preset = (images ? FASHION_MNIST_PRESETS : SIGNALS_PRESETS).seed;
const [building, model] = await timed(() => (images ? fashionMnistNetwork(preset, 1) : signalsNetwork(preset, { seed: 1, steps: 499, horizon: 1 })));
const [compiling] = await timed(() =>
  model.compile({
    loss: images ? 'sparseCategoricalCrossentropy' : 'meanSquaredError', optimizer: preset.optimizer(1), threads: Number(threads),
  }));
const ready = performance.now();

const rows = preset.batchSize;
const shape = images ? [rows, 28, 28, 1] : [rows, 499, 1];
const x = { data: new Float32Array(shape.reduce((product, size) => product * size)).fill(0.5), shape };
const y = images ? { data: new Uint8Array(rows), shape: [rows] } : x;
const [firstStep] = await timed(() => model.trainOnBatch(x, y));
for (let step = 1; step < Number(steps); step++) await model.trainOnBatch(x, y);
model.close();
console.log(JSON.stringify({ importing, building, compiling, ready, firstStep, residentBytes: 1024 * process.resourceUsage().maxRSS }));
