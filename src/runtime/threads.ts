import { LanewiseError } from '../errors.js';
import { platform } from './platform/platform.js';

/** `'auto'`: as many threads as the machine has cores, up to 8; or a number from 1 to 64. */
export type Threads = 'auto' | number;

const AUTO_LIMIT = 8;
const LIMIT = 64;

/** Whether workers may share memory here: always in Node, on cross-origin isolated pages in a browser. */
const canShare = (): boolean =>
  platform().name === 'node' || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;

/**
 * The number of threads to use. Where memory cannot be shared it is 1: the results are the same bits.
 * @throws LanewiseError `invalid-argument`
 */
export function resolveThreads(threads: Threads): number {
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= LIMIT)) {
    throw new LanewiseError('invalid-argument', 'threads out of range', {
      expected: `'auto' or a whole number from 1 to ${LIMIT}`, received: String(threads),
    });
  }
  if (!canShare()) return 1;
  return threads === 'auto' ? Math.min(platform().availableThreads(), AUTO_LIMIT) : threads;
}
