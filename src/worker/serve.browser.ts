/** `lanewise/worker` in browsers: what the script of a worker of your own imports. */
import { browserPlatform } from '../runtime/platform/browser.js';
import { usePlatform } from '../runtime/platform/platform.js';
import type { ServeOptions } from './serve.js';
import { serveTraining } from './serve.js';

export type { ServeOptions };

/** Makes this worker serve one `trainInWorker`: call it as soon as the script runs. */
export function serveTrainings(options: ServeOptions = {}): void {
  usePlatform(browserPlatform);
  serveTraining({
    post: (message, transfer = []) => postMessage(message, { transfer: [...transfer] }),
    onMessage: (listener) => addEventListener('message', (event: MessageEvent) => listener(event.data as never)),
  }, options);
}
