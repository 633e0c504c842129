/** Entry point in browsers and bundlers. */
import { browserPlatform } from './runtime/platform/browser.js';
import { usePlatform } from './runtime/platform/platform.js';

usePlatform(browserPlatform);
export * from './index.js';
