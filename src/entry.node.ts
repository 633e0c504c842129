/** The library as Node has it. @module lanewise */
import { embedKernels } from './runtime/load.js';
import { nodePlatform } from './runtime/platform/node.js';
import { usePlatform } from './runtime/platform/platform.js';

usePlatform(nodePlatform);
embedKernels('strict', () => import('#wasm/strict'));
embedKernels('relaxed', () => import('#wasm/relaxed'));
export * from './index.js';
export { trainInWorker } from './worker/train.node.js';
export type { TrainInWorkerOptions } from './worker/train.node.js';
