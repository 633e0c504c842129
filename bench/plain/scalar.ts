/** The plain kernels in WebAssembly without SIMD. Built when it is first asked for, and again when its sources have changed. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { PlainBackend, PlainKernels } from './kernels.js';

const root = new URL('../../', import.meta.url);
const sources = new URL('assembly/scalar/', root);
const wasm = new URL('build/bench/scalar.wasm', root);

function isStale(): boolean {
  if (!existsSync(wasm)) return true;
  const built = statSync(wasm).mtimeMs;
  return readdirSync(sources).some((file) => statSync(new URL(file, sources)).mtimeMs > built);
}

export function buildScalar(): void {
  const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
  execFileSync(process.execPath, [asc, '--config', 'assembly/scalar/asconfig.json', '--target', 'scalar'], { cwd: fileURLToPath(root), stdio: 'inherit' });
}

/** Kernels over a memory of their own. */
export function createScalar(): PlainBackend<number> {
  if (isStale()) buildScalar();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasm)), { env: { memory, abort() {} } });
  let top = 64;
  const reserve = (length: number): number => {
    const address = top;
    top += Math.ceil(length / 16) * 64;
    const missing = Math.ceil((top - memory.buffer.byteLength) / 65536);
    if (missing > 0) memory.grow(missing);
    return address;
  };
  return {
    name: 'scalar',
    kernels: exports as unknown as PlainKernels<number>,
    floats(values) {
      if (typeof values === 'number') return reserve(values);
      const address = reserve(values.length);
      new Float32Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    integers: reserve,
    read: (buffer, length) => new Float32Array(memory.buffer, buffer, length),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildScalar();
