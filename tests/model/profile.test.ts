import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompileOptions, Sequential, Tensor } from '../../src/entry.node.js';
import { classifier, classify, cnnOptions, randomLabels, randomTensor, refused, rnnOptions, smallCnn, smallRnn, weightsHash } from './helpers.js';

interface Case {
  make: () => Sequential;
  options: CompileOptions;
  x: Tensor;
  y: Tensor;
}

const cases: Readonly<Record<string, Case>> = {
  'a convolutional network': { make: smallCnn, options: cnnOptions, x: randomTensor([12, 8, 8, 1], 1), y: randomLabels(12, 5, 2) },
  'a recurrent network': { make: smallRnn, options: rnnOptions, x: randomTensor([9, 12, 1], 3), y: randomTensor([9, 12, 1], 4) },
};

for (const [name, { make, options, x, y }] of Object.entries(cases)) {
  describe(`the profile of ${name}`, () => {
    for (const threads of [1, 3]) {
      it(`changes nothing in what training comes to, on ${threads} threads`, async () => {
        const [plain, profiled] = [make(), make()];
        for (const model of [plain, profiled]) {
          await model.compile({ ...options, threads });
          await model.trainOnBatch(x, y);
        }
        const before = weightsHash(profiled);
        await profiled.profile(x, y, { rounds: 3 });
        assert.equal(weightsHash(profiled), before);
        assert.equal(profiled.step, 1);
        for (const model of [plain, profiled]) await model.trainOnBatch(x, y);
        assert.equal(weightsHash(profiled), weightsHash(plain));
        for (const model of [plain, profiled]) model.close();
      });
    }

    it('lists the ops of a step in order, each with who asked for it and a time', async () => {
      const model = make();
      await model.compile({ ...options, threads: 2 });
      const begin = performance.now();
      const times = await model.profile(x, y, { rounds: 2 });
      const elapsed = performance.now() - begin;
      const owners = new Set(times.map(({ owner }) => owner));
      const trained = model.layers.filter(({ weights }) => weights.length > 0).map(({ name }) => name);
      for (const owner of [...trained, 'loss', 'optimizer']) assert.ok(owners.has(owner), `nothing of ${owner}`);
      assert.equal(times.find(({ op }) => op !== 'transpose')!.owner, model.layers[0]!.name); // what needs weights alone may come before
      assert.equal(times.at(-1)!.op, 'adam');
      for (const { op, milliseconds } of times) assert.ok(milliseconds > 0, `${op}: ${milliseconds} ms`);
      const sum = times.reduce((total, { milliseconds }) => total + milliseconds, 0);
      assert.ok(sum < elapsed, `${sum} ms in ops of a call that took ${elapsed}`);
      model.close();
    });
  });
}

it('a profile is refused before compile, without rounds, and for rows of another shape', async () => {
  const model = classifier();
  const [x, y] = [randomTensor([5, 4], 1), randomLabels(5, 3, 2)];
  await assert.rejects(model.profile(x, y), refused('invalid-state'));
  await model.compile(classify);
  await assert.rejects(model.profile(x, y, { rounds: 0 }), refused('invalid-argument', /rounds/));
  await assert.rejects(model.profile(randomTensor([5, 3], 1), y), refused('invalid-shape'));
  model.close();
});
