/**
 * Entry point in browsers and bundlers. It brings the kernels of the core; layers that need others bring all. The relaxed build is an import of its own,
 * `lanewise/relaxed`: few need it, and it is as large again.
 */
import { embedKernels } from './runtime/load.js';
import { browserPlatform } from './runtime/platform/browser.js';
import { usePlatform } from './runtime/platform/platform.js';

usePlatform(browserPlatform);
embedKernels('core', () => import('#wasm/core'));
export * from './index.js';
export { trainInWorker } from './worker/train.browser.js';
export type { TrainInWorkerOptions } from './worker/train.browser.js';
