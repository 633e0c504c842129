import { Worker } from 'node:worker_threads';
import type { ModelInput, ModelTarget } from '../model/batches.js';
import type { Model, Prediction } from '../model/model.js';
import { platform } from '../runtime/platform/platform.js';
import type { Channel } from './protocol.js';
import type { Training, TrainingOptions } from './training.js';
import { startTraining } from './training.js';

export interface TrainInWorkerOptions extends TrainingOptions {
  /** Makes the worker, in the place of the one that comes with the code: one whose script calls `serveTrainings` of `lanewise/worker`. */
  worker?: () => Worker;
}

/** As in a browser, in a thread of its own. The process does not end before the training. */
export function trainInWorker(model: Model<Prediction>, x: ModelInput, y: ModelTarget, options: TrainInWorkerOptions): Training {
  const { worker, ...rest } = options;
  return startTraining(() => openWorker(worker), model, x, y, rest);
}

/** From source text, so that no bundler of a server can lose a file. */
async function openWorker(make: (() => Worker) | undefined): Promise<Channel> {
  const worker = make?.() ?? new Worker(new TextDecoder().decode(await platform().unpack((await import('#workers/training.node')).default)), { eval: true, name: 'lanewise training' });
  let ending = false;
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => worker.on('message', listener as (message: unknown) => void),
    onFailure: (listener) => {
      worker.on('error', listener);
      worker.on('exit', (code) => !ending && listener(new Error(`it ended with code ${code}`)));
    },
    terminate: () => {
      ending = true;
      void worker.terminate();
    },
  };
}
