import { LanewiseError } from '../errors.js';
import type { ModelInput, ModelTarget } from '../model/batches.js';
import type { Model, Prediction } from '../model/model.js';
import { platform } from '../runtime/platform/platform.js';
import { startScript } from '../runtime/platform/script.js';
import type { Channel } from './protocol.js';
import type { Training, TrainingOptions } from './training.js';
import { startTraining } from './training.js';

export interface TrainInWorkerOptions extends TrainingOptions {
  /**
   * Makes the worker, in the place of the one that comes with the code and starts from a `blob:` URL: for pages whose content security policy forbids
   * that, and for models with custom layers. Its script is `lanewise/workers/training.js`, or one of your own that calls `serveTrainings` of
   * `lanewise/worker`.
   */
  worker?: () => Worker;
}

/**
 * Trains a model in a worker, so that the page goes on; to the same bits as `fit`. Takes what the model is and its weights, leaves it as it is
 * meanwhile, and gives it the trained weights at the end. Data are copied in pieces of some milliseconds; typed arrays only, nested arrays are slow.
 *
 * `finished` rejects with LanewiseError `worker-failed` where the worker does not start or dies, `unsupported` where the model or the optimizer cannot
 * be told by its config, and as `compile` and `fit` do.
 */
export function trainInWorker(model: Model<Prediction>, x: ModelInput, y: ModelTarget, options: TrainInWorkerOptions): Training {
  const { worker, ...rest } = options;
  return startTraining(() => openWorker(worker), model, x, y, rest);
}

async function openWorker(make: (() => Worker) | undefined): Promise<Channel> {
  let worker: Worker;
  try {
    worker = await startScript([make ?? (new TextDecoder().decode(await platform().unpack((await import('#workers/training.browser')).default)))], undefined, 'lanewise training');
  } catch (cause) {
    throw new LanewiseError('worker-failed', 'the worker did not start', {
      where: 'trainInWorker', cause,
      remedy: "Allow blob: in worker-src of the page's content security policy, or make the worker yourself: the option worker",
    });
  }
  return {
    post: (message, transfer = []) => worker.postMessage(message, { transfer: [...transfer] }),
    onMessage: (listener) => (worker.onmessage = (event: MessageEvent) => listener(event.data as never)),
    onFailure: (listener) => (worker.onerror = ({ message }) => listener(new Error(message))),
    terminate: () => worker.terminate(),
  };
}
