import { digests } from '#wasm/digests';
import { LanewiseError } from '../errors.js';
import { sha256 } from '../sha256.js';
import type { Build } from './build.js';
import { wasmUrlOf } from './configure.js';
import type { Embedding } from './embedded.js';
import { detectFeatures } from './features.js';
import { platform } from './platform/platform.js';

export type { Build } from './build.js';
export { BUILDS } from './build.js';

/** A build, or the core of the strict one: fewer kernels, enough for models whose layers name no others. */
export type Part = Build | 'core';

const modules = new Map<Part, Promise<WebAssembly.Module>>();
const embedded = new Map<Part, Embedding>();

/** Makes kernels part of the program. */
export function embedKernels(part: Part, load: Embedding): void {
  embedded.set(part, load);
}

/**
 * The compiled kernels, compiled once a process.
 * @param all where all kernels of the strict build are, if the core will not do
 * @throws LanewiseError `unsupported` if the engine lacks what the build needs, a content security policy forbids WebAssembly, or a bundle does not
 * hold the build; `network-failed` if they are to be fetched and cannot be; `wasm-altered` if they are not those this version was built with.
 */
export function loadKernels(build: Build, all?: Embedding): Promise<WebAssembly.Module> {
  const part = partFor(build, all);
  let module = modules.get(part);
  if (!module) {
    module = compileKernels(build, part, embedded.get(part) ?? (part === 'strict' ? all : undefined));
    module.catch(() => modules.delete(part)); // a later try may succeed
    modules.set(part, module);
  }
  return module;
}

/** What `loadKernels` gives: the core of the strict build where it will do and the whole is not there anyway. */
export function partFor(build: Build, all?: Embedding): Part {
  const whole = build !== 'strict' || all || wasmUrlOf(build) !== undefined || embedded.has('strict') || modules.has('strict');
  return !whole && (embedded.has('core') || modules.has('core')) ? 'core' : build;
}

/** Takes kernels that another thread has compiled. */
export function adoptKernels(part: Part, module: WebAssembly.Module): void {
  modules.set(part, Promise.resolve(module));
}

async function compileKernels(build: Build, part: Part, load: Embedding | undefined): Promise<WebAssembly.Module> {
  const features = detectFeatures();
  const lacks = !features.simd ? 'SIMD' : !features.threads ? 'shared memory and atomics' : build === 'relaxed' && !features.relaxedSimd ? 'relaxed SIMD' : '';
  if (lacks) {
    throw new LanewiseError('unsupported', `this engine's WebAssembly has no ${lacks}`, {
      remedy: lacks === 'relaxed SIMD' ? "Use build: 'strict', or Node 22 or newer" : 'Use Node 20.19 or newer, or a current browser',
    });
  }
  const url = wasmUrlOf(build);
  const bytes = await (url === undefined ? unpack(part, load) : download(build, url));
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new LanewiseError('unsupported', 'WebAssembly could not be compiled', {
      cause, remedy: "If the page has a content security policy, add 'wasm-unsafe-eval' to script-src",
    });
  }
}

/** The kernels that came with the code. */
async function unpack(part: Part, load: Embedding | undefined): Promise<Uint8Array<ArrayBuffer>> {
  if (!load) {
    throw new LanewiseError('unsupported', `the ${part} build is not part of this program`, {
      where: 'compile', remedy: `Add import 'lanewise/${part}', or say where to fetch it with configure({ wasmUrl: { ${part}: … } })`,
    });
  }
  const { default: packed } = await load();
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await platform().unpack(packed);
  } catch (cause) {
    throw altered(part, 'the embedded kernels', 'bytes that cannot be unpacked', cause);
  }
  // a page that is not served securely can take no digest; what is embedded came with the code
  return globalThis.isSecureContext === false ? bytes : checked(part, bytes, 'the embedded kernels');
}

async function download(build: Build, url: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const where = String(url);
  const failed = (received: string, cause?: unknown): LanewiseError =>
    new LanewiseError('network-failed', 'the kernels could not be fetched', {
      where, received, cause, remedy: 'See that wasmUrl leads to the file, and that the policy of the page (connect-src) allows it',
    });
  const response = await fetch(url).catch((cause: unknown) => { throw failed('no answer', cause); });
  if (!response.ok) throw failed(`status ${response.status}`);
  const bytes = await response.arrayBuffer().catch((cause: unknown) => { throw failed('an answer that was cut off', cause); });
  return checked(build, new Uint8Array(bytes), where);
}

async function checked(part: Part, bytes: Uint8Array<ArrayBuffer>, where: string): Promise<Uint8Array<ArrayBuffer>> {
  const received = await sha256(bytes);
  if (received !== digests[part]) throw altered(part, where, received);
  return bytes;
}

function altered(part: Part, where: string, received: string, cause?: unknown): LanewiseError {
  return new LanewiseError('wasm-altered', `this is not the ${part} build of the kernels that belongs to this version`, {
    where, expected: `SHA-256 ${digests[part]}`, received, cause, remedy: 'Take the file from the same version of the package, and see that nothing on the way rewrites it',
  });
}
