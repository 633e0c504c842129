/** What a bundler ships of the package: what a program uses, and no more. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { BUNDLERS } from './bundlers.js';
import { freshProject, type FreshProject } from './fresh.js';

/** Bytes, gzipped, of a program that trains the convolutional network of src/networks, with all it needs: code and kernels. */
const BUDGET = 60_000;

const IMPORTS = "import { adam, layers, sequential } from 'lanewise';";
/** esbuild does not look through a namespace that a package hands on, and webpack keeps the chunk of all kernels for the layers it drops. */
const IMPORTS_DIRECT = "import { adam, sequential } from 'lanewise'; import * as layers from 'lanewise/layers';";
const CNN = `
const model = sequential([
  layers.rescaling({ scale: 1 / 255, inputShape: [28, 28, 1] }), layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }),
  layers.maxPooling2d({ poolSize: 2 }), layers.conv2d({ filters: 64, kernelSize: 3, activation: 'relu' }), layers.flatten(), layers.dropout({ rate: 0.3 }),
  layers.dense({ units: 128 }), layers.dropout({ rate: 0.3 }), layers.dense({ units: 10, activation: 'softmax' }),
], { seed: 1 });
globalThis.train = async (images, labels) => {
  await model.compile({ optimizer: adam({ learningRate: 1e-3 }), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
  await model.fit(images, labels, { epochs: 20, batchSize: 128 });
};`;

/** Bytes of all that is written for a program. */
const shipped = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length, 0);

describe('a program that trains the convolutional network', { timeout: 240_000 }, () => {
  let project: FreshProject;
  before(() => {
    project = freshProject();
  });
  after(() => project.remove());

  // those that make small code by themselves and drop chunks that nothing loads
  for (const [index, { name, build }] of BUNDLERS.filter(({ name }) => ['Vite', 'webpack 5', 'esbuild, one file'].includes(name)).entries()) {
    it(`is at most ${BUDGET / 1000} KB by ${name}, code and kernels gzipped`, async (test) => {
      project.write(`size-${index}/index.html`, '<script type="module" src="./index.js"></script>');
      project.write(`size-${index}/index.js`, `${name === 'Vite' ? IMPORTS : IMPORTS_DIRECT}${CNN}`);
      await build(project.folder, `size-${index}/index.js`, `size-${index}/out`);
      const bytes = shipped(join(project.folder, `size-${index}/out`));
      test.diagnostic(`${bytes} bytes`);
      assert.ok(bytes <= BUDGET, `${bytes} bytes`);
    });
  }

  it('holds its own layers and optimizer, and nothing that reads, exports or serves models', async () => {
    project.write('cnn.js', `${IMPORTS_DIRECT}${CNN}`);
    const { metafile } = await esbuild.build({ absWorkingDir: project.folder, entryPoints: ['cnn.js'], bundle: true, format: 'esm', write: false, metafile: true });
    const held = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.entries(inputs)).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => /node_modules\/lanewise\/build\/(.*)\.js$/.exec(path)?.[1] ?? '');
    const ofFolder = (folder: string): string[] => held.filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)).sort();
    assert.deepEqual(ofFolder('js/optimizers/'), ['adam', 'learning-rate', 'optimizer']);
    assert.deepEqual(ofFolder('wasm/'), ['core', 'digests']);
    for (const folder of ['js/io/', 'js/worker/', 'js/data/', 'js/onnx/', 'js/import/', 'js/report/', 'workers/training']) assert.deepEqual(ofFolder(folder), [], folder);
    const strangers = ['recurrent', 'lstm', 'gru', 'normalization', 'concatenate', 'registry', 'custom'];
    assert.deepEqual(ofFolder('js/layers/').filter((path) => strangers.some((stranger) => path.includes(stranger))), []);
  });
});
