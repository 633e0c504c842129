/** Medians and clocks, in Node and in browsers. */

/** The value below which the share `q` of all lie; the lower neighbour where it falls between two. */
export function quantile(samples: readonly number[], q: number): number {
  return [...samples].sort((a, b) => a - b)[Math.floor(q * (samples.length - 1))]!;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Milliseconds that some work takes. */
export async function clock(work: () => unknown): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Repeats some work for about so many milliseconds and returns the median time of one. */
export async function clockRepeatedly(work: () => unknown, milliseconds = 40): Promise<number> {
  const times: number[] = [];
  for (const end = performance.now() + milliseconds; times.length === 0 || performance.now() < end;) times.push(await clock(work));
  return median(times);
}

/**
 * Does all the works in turn, round after round, so that what disturbs the machine disturbs them alike; the first round only warms up. Each work
 * gives one or several figures; returned are their medians.
 */
export async function alternate(works: readonly (() => Promise<readonly number[]>)[], rounds: number): Promise<number[][]> {
  const samples = works.map((): (readonly number[])[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, work] of works.entries()) {
      const figures = await work();
      if (round > 0) samples[index]!.push(figures);
    }
  }
  return samples.map((list) => list[0]!.map((_, at) => median(list.map((figures) => figures[at]!))));
}
