/** Entry point in browsers and bundlers. The relaxed build is an import of its own, `lanewise/relaxed`: few need it, and it is as large again. */
import { embedKernels } from './runtime/load.js';
import { browserPlatform } from './runtime/platform/browser.js';
import { usePlatform } from './runtime/platform/platform.js';

usePlatform(browserPlatform);
embedKernels('strict', () => import('#wasm/strict'));
export * from './index.js';
export { trainInWorker } from './worker/train.browser.js';
export type { TrainInWorkerOptions } from './worker/train.browser.js';
