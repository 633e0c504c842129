/** A worker in a browser that is one of an engine's threads. */
import { runThread, type ThreadJob } from '../thread.js';

addEventListener('message', ({ data }: MessageEvent<ThreadJob>) => runThread(data, () => postMessage('ready')));
