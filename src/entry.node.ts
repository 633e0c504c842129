/** Entry point in Node. */
import { nodePlatform } from './runtime/platform/node.js';
import { usePlatform } from './runtime/platform/platform.js';

usePlatform(nodePlatform);
export * from './index.js';
