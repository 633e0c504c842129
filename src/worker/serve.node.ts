/** `lanewise/worker` in Node: what the script of a worker of your own imports. */
import { parentPort } from 'node:worker_threads';
import { LanewiseError } from '../errors.js';
import { nodePlatform } from '../runtime/platform/node.js';
import { usePlatform } from '../runtime/platform/platform.js';
import type { ServeOptions } from './serve.js';
import { serveTraining } from './serve.js';

export type { ServeOptions };

/** Makes this worker serve one `trainInWorker`: call it as soon as the script runs. */
export function serveTrainings(options: ServeOptions = {}): void {
  usePlatform(nodePlatform);
  const port = parentPort;
  if (!port) throw new LanewiseError('invalid-state', 'serveTrainings is for workers');
  serveTraining({
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: (listener) => void port.on('message', listener as (message: unknown) => void),
  }, options);
}
