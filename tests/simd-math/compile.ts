/** Compiles and instantiates the test module around assembly/simd/math.ts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const projectFolder = fileURLToPath(new URL('../../', import.meta.url));
const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');

/** Numbers by which the module's `map` knows the functions. */
export const functions = { exp: 0, log: 1, tanh: 2, sigmoid: 3, expm1Below: 4, erf: 5, softplus: 6 } as const;
export type FunctionName = keyof typeof functions;

/** Lanes evaluated by one call. */
export const LANES = 1 << 16;

export interface VectorMath {
  /** [LANES], the arguments, and the same memory as bit patterns. */
  readonly input: Float32Array;
  readonly inputBits: Uint32Array;
  /** [LANES], the results, and the same memory as bit patterns. */
  readonly output: Float32Array;
  readonly outputBits: Uint32Array;
  /** output = name(input) */
  evaluate(name: FunctionName): void;
  /** The compiled module as WebAssembly text. */
  readonly text: string;
  readonly module: WebAssembly.Module;
}

type MapFunction = (fn: number, out: number, input: number, length: number) => void;

export async function loadVectorMath(): Promise<VectorMath> {
  const { binary, text } = compile();
  const module = await WebAssembly.compile(binary);
  const bytes = LANES * Float32Array.BYTES_PER_ELEMENT;
  const memory = new WebAssembly.Memory({ initial: (2 * bytes) / 65536 });
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const map = exports['map'] as MapFunction;
  return {
    input: new Float32Array(memory.buffer, 0, LANES),
    inputBits: new Uint32Array(memory.buffer, 0, LANES),
    output: new Float32Array(memory.buffer, bytes, LANES),
    outputBits: new Uint32Array(memory.buffer, bytes, LANES),
    evaluate: (name) => map(functions[name], bytes, 0, LANES),
    text,
    module,
  };
}

/**
 * The strict build's options, on one source file; `--config none` keeps the project's own entries out. A process of its
 * own, because the test runner's TypeScript loader takes many times as long as the compilation to load the compiler.
 */
function compile(): { binary: Uint8Array<ArrayBuffer>; text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-simd-math-'));
  const binaryFile = join(folder, 'module.wasm');
  const textFile = join(folder, 'module.wat');
  try {
    execFileSync(process.execPath, [
      '--enable-source-maps', compiler, 'tests/simd-math/assembly/module.ts', '--config', 'none',
      '-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory',
      '--outFile', binaryFile, '--textFile', textFile,
    ], { cwd: projectFolder });
    return { binary: new Uint8Array(readFileSync(binaryFile)), text: readFileSync(textFile, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
