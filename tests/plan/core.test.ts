/** The kernels of the core, which are all that small programs for the web hold: enough for what does not ask for more, with the same bits. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as lanewise from '../../src/entry.node.js';
import { OPS, OP_NAMES, type OpName } from '../../src/plan/ops.js';
import { adoptKernels } from '../../src/runtime/load.js';
import { BEYOND_CORE, isInCore, moduleOf } from '../../scripts/generate-ops.js';
import { cnn, images, labels } from '../browser/trainings.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const beyond = (name: string): boolean => Object.hasOwn(OPS, name) && !isInCore(name as OpName);

const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(`${root}src/${file}`, 'utf8') }));
const saysSo = (text: string): boolean => /(?:return|kernels:) allKernels[;,]/.test(text);

/** Classes to extend that need all kernels: those that say so, and those that extend one of them. */
function bases(): readonly string[] {
  const classes = sources.flatMap(({ text }) => [...text.matchAll(/abstract class (\w+) extends (\w+)/g)].map(([, name, base]) => ({ name: name!, base: base!, says: saysSo(text) })));
  const found = classes.filter(({ says }) => says).map(({ name }) => name);
  for (const name of found) found.push(...classes.filter(({ name: other, base }) => base === name && !found.includes(other)).map(({ name: other }) => other));
  return found;
}
/** Between rows and lanes, and layers over lanes: there are lanes only behind a recurrent layer, which brings all kernels. */
const BEHIND_RECURRENT = ['plan/tape.ts', 'layers/lanes.ts'];

describe('the core of the kernels', () => {
  it('leaves out modules that there are', () => {
    const modules = new Set(OP_NAMES.map(moduleOf));
    assert.deepEqual(BEYOND_CORE.filter((module) => !modules.has(module)), []);
  });

  it('is left by no layer that does not say so', () => {
    const needy = bases();
    assert.deepEqual(['GatedLayer', 'Layer', 'MergeLayer', 'RecurrentLayer'].filter((name) => needy.includes(name)), ['GatedLayer', 'RecurrentLayer']);
    const found = sources.flatMap(({ file, text }) => {
      const says = saysSo(text) || needy.some((base) => new RegExp(`extends ${base}\\b`).test(text));
      if (BEHIND_RECURRENT.includes(file) || says) return [];
      const names = [...text.matchAll(/\b(?:op|groupwise|pairwise)\(([^{]*)/g)].flatMap(([, start]) => [...start!.matchAll(/'(\w+)'/g)].map(([, name]) => name!)).filter(beyond);
      return names.map((name) => `src/${file} lays out ${name}: override \`kernels\` of its layer, as recurrent-layer.ts does, or take its module out of BEYOND_CORE in scripts/generate-ops.ts`);
    });
    assert.deepEqual(found, []);
  });

  it('trains the convolutional network to the bits of the whole build, and has nothing of a recurrent one', async () => {
    const { adam, layers, sequential, weightsSha256 } = lanewise;
    const trained = async (): Promise<string> => {
      const model = cnn(lanewise);
      await model.compile({ optimizer: adam(), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'], threads: 2 });
      await model.fit(images(96), { data: labels(96, 10), shape: [96] }, { epochs: 2, batchSize: 32 });
      model.close();
      return weightsSha256(model.getWeights());
    };
    const whole = await trained();
    adoptKernels('strict', await WebAssembly.compile(readFileSync(`${root}build/wasm/core.wasm`))); // in the place of the whole
    assert.equal(await trained(), whole);
    const recurrent = sequential([layers.lstm({ units: 2, inputShape: [3, 1] })]);
    await recurrent.compile({ optimizer: adam(), loss: 'mse', threads: 1 });
    await assert.rejects(recurrent.predict([[[1], [2], [3]]]), /unreachable/);
  });
});
