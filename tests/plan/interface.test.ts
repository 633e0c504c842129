/** The binary interface is one and the same on both sides: generated sources, exports, imports. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { generateConstants, generateDispatch } from '../../scripts/generate-ops.js';
import '../../src/entry.node.js';
import { detectFeatures } from '../../src/runtime/features.js';
import { type Build, BUILDS, loadKernels } from '../../src/runtime/load.js';

const assemblyFile = (path: string): string => readFileSync(new URL(`../../assembly/${path}`, import.meta.url), 'utf8');

describe('assembly/plan', () => {
  it('ops.ts is what the op table generates', () => assert.equal(assemblyFile('plan/ops.ts'), generateConstants()));
  it('dispatch.ts is what the op table generates', () => assert.equal(assemblyFile('plan/dispatch.ts'), generateDispatch()));
});

/** What src/runtime calls, with the number of arguments it gives. */
const CALLED: Readonly<Record<string, number>> = { runStep: 2, work: 3 };
/** Exported so that the compiler does not inline them; never called from TypeScript. */
const OUT_OF_LINE = /^tile/;

const env = { othersLive: () => true, sleep: () => {} };

for (const build of BUILDS) {
  describe(`the ${build} build`, skipOf(build), () => {
    it('exports what TypeScript calls, and else only tiles', async () => {
      const memory = sharedMemory();
      const { exports } = new WebAssembly.Instance(await loadKernels(build), { env: { ...env, memory } });
      for (const [name, value] of Object.entries(exports)) {
        assert.ok(value === memory || name in CALLED || OUT_OF_LINE.test(name), `nothing calls ${name}`);
      }
      for (const [name, parameters] of Object.entries(CALLED)) assert.equal((exports[name] as (...args: number[]) => number).length, parameters, name);
    });

    it('exports what assembly/index.ts says', async () => {
      const listed = [...assemblyFile('index.ts').matchAll(/^export \{ (.*) \}/gm)].flatMap(([, names]) => names!.split(', '));
      const functions = WebAssembly.Module.exports(await loadKernels(build)).filter(({ kind }) => kind === 'function');
      assert.deepEqual(functions.map(({ name }) => name).sort(), listed.sort());
    });

    it('imports its memory, the question whether the other threads live and a way to sleep, nothing else, and has no data of its own', async () => {
      const module = await loadKernels(build);
      const imports = WebAssembly.Module.imports(module).sort((a, b) => (a.name < b.name ? -1 : 1));
      assert.deepEqual(imports, [{ module: 'env', name: 'memory', kind: 'memory' }, { module: 'env', name: 'othersLive', kind: 'function' }, { module: 'env', name: 'sleep', kind: 'function' }]);
      const { memory, untouched } = watchedMemory();
      new WebAssembly.Instance(module, { env: { ...env, memory } });
      assert.ok(untouched(), 'instantiating the module wrote to memory, which a second thread would do while the first one works');
    });
  });
}

function skipOf(build: Build): { skip?: string } {
  return build === 'strict' || detectFeatures().relaxedSimd ? {} : { skip: 'this engine has no relaxed SIMD' };
}

function sharedMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
}

function watchedMemory(): { memory: WebAssembly.Memory; untouched: () => boolean } {
  const memory = sharedMemory();
  const bytes = new Uint8Array(memory.buffer).fill(0xa5);
  return { memory, untouched: () => bytes.every((byte) => byte === 0xa5) };
}
