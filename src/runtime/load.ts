import { LanewiseError } from '../errors.js';
import { detectFeatures } from './features.js';

/**
 * `strict` gives the same bits on every machine, engine and number of threads; `relaxed` fuses multiply and add where the processor can, and
 * promises that no longer.
 */
export type Build = 'strict' | 'relaxed';
export const BUILDS: readonly Build[] = ['strict', 'relaxed'];

const modules = new Map<Build, Promise<WebAssembly.Module>>();

/**
 * The compiled kernels, compiled once a process.
 * @throws LanewiseError `unsupported` if the engine lacks what the build needs, or a content security policy forbids WebAssembly.
 */
export function loadKernels(build: Build): Promise<WebAssembly.Module> {
  let module = modules.get(build);
  if (!module) {
    module = compileKernels(build);
    module.catch(() => modules.delete(build)); // a later try may succeed
    modules.set(build, module);
  }
  return module;
}

async function compileKernels(build: Build): Promise<WebAssembly.Module> {
  const features = detectFeatures();
  const lacks = !features.simd ? 'SIMD' : !features.threads ? 'shared memory and atomics' : build === 'relaxed' && !features.relaxedSimd ? 'relaxed SIMD' : '';
  if (lacks) {
    throw new LanewiseError('unsupported', `this engine's WebAssembly has no ${lacks}`, {
      remedy: lacks === 'relaxed SIMD' ? "Use build: 'strict', or Node 22 or newer" : 'Use Node 20.19 or newer, or a current browser',
    });
  }
  const { default: base64 } = build === 'strict' ? await import('#wasm/strict') : await import('#wasm/relaxed');
  try {
    return await WebAssembly.compile(decodeBase64(base64));
  } catch (cause) {
    throw new LanewiseError('unsupported', 'WebAssembly could not be compiled', {
      cause, remedy: "If the page has a content security policy, add 'wasm-unsafe-eval' to script-src",
    });
  }
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
