import type { Build } from './build.js';

/** Where to find what otherwise comes with the code. Relative URLs are relative to the page. */
export interface Configuration {
  /**
   * The file of the kernels, fetched instead of taken from the code: for caching, or to keep bundles small. A URL alone is that of the strict
   * build. The file is in the package (`lanewise/wasm/strict.wasm`); one that was altered is refused.
   */
  wasmUrl?: string | URL | Partial<Record<Build, string | URL>> | undefined;
  /**
   * The script of the threads, `lanewise/workers/thread.js`: for pages whose content security policy forbids workers from `blob:` URLs. Only in
   * browsers.
   */
  workerUrl?: string | URL | undefined;
}

let configuration: Configuration = {};

/** Says where to find kernels and workers. Before the first `compile`; options that are left out stay as they are. */
export function configure(options: Configuration): void {
  configuration = { ...configuration, ...options };
}

export const configured = (): Configuration => configuration;

/** Where the kernels of a build are to be fetched from, if they are. */
export function wasmUrlOf(build: Build): string | URL | undefined {
  const { wasmUrl } = configuration;
  if (typeof wasmUrl === 'string' || wasmUrl instanceof URL) return build === 'strict' ? wasmUrl : undefined;
  return wasmUrl?.[build];
}
