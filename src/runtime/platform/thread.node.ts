/** A worker in Node that is one of an engine's threads. */
import { parentPort, workerData } from 'node:worker_threads';
import { runThread, type ThreadJob } from '../thread.js';

runThread(workerData as ThreadJob, () => parentPort!.postMessage('ready'));
