/** Times of kernels, by Benchmark.js. */
import Benchmark from 'benchmark';
import { quantile } from './measure.js';

export interface Timing {
  /** Milliseconds of one run in the best of many short samples, the one that other work on the machine disturbed least. Peaks are measured so too. */
  milliseconds: number;
  /** Benchmark.js's relative margin of error of the mean, in percent. */
  spread: number;
}

/** Runs `work` for about so many seconds, at least three times. */
export function time(name: string, work: () => void, seconds: number): Promise<Timing> {
  work(); // what is done once, such as filling caches, is not timed
  return new Promise((resolve, reject) => {
    const benchmark: Benchmark = new Benchmark(name, work, {
      async: true, maxTime: seconds, minSamples: 3, minTime: 0.005,
      onComplete: () => resolve({ milliseconds: 1000 * quantile(benchmark.stats.sample, 0), spread: benchmark.stats.rme }),
      onError: () => reject(new Error(`${name} failed`, { cause: (benchmark as { error?: unknown }).error })),
    });
    benchmark.run();
  });
}
