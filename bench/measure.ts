/** Times, by Benchmark.js. */
import Benchmark from 'benchmark';

export interface Timing {
  /** Milliseconds of one run: the lower quartile of the samples, which other work on the machine disturbs least. */
  milliseconds: number;
  /** Benchmark.js's relative margin of error of the mean, in percent. */
  spread: number;
}

/** Runs `work` for about so many seconds, at least three times. */
export function time(name: string, work: () => void, seconds: number): Promise<Timing> {
  work(); // what is done once, such as filling caches, is not timed
  return new Promise((resolve, reject) => {
    const benchmark: Benchmark = new Benchmark(name, work, {
      async: true, maxTime: seconds, minSamples: 3, minTime: seconds / 20,
      onComplete: () => resolve({ milliseconds: 1000 * quantile(benchmark.stats.sample, 0.25), spread: benchmark.stats.rme }),
      onError: () => reject(new Error(`${name} failed`, { cause: (benchmark as { error?: unknown }).error })),
    });
    benchmark.run();
  });
}

/** The value below which the share `q` of all lie; the lower neighbour where it falls between two. */
export function quantile(samples: readonly number[], q: number): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(q * (samples.length - 1))]!;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);
