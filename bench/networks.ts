/**
 * The two networks whole: steps, epochs and predictions by threads and build; whether time grows with batch and length as the work does; start-up
 * and peak memory; the share of each op in a step.
 *
 *   npm run bench:networks -- [--filter steps|batches|lengths|fresh|ops] [--threads 1,2] [--rounds N] [--json|--markdown]
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { detectFeatures } from '../src/entry.node.js';
import { BUILDS } from '../src/runtime/load.js';
import { fresh } from './networks/fresh.js';
import { ops } from './networks/ops.js';
import { batches, lengths } from './networks/sizes.js';
import { steps } from './networks/steps.js';
import type { Setup } from './networks/workloads.js';
import type { OutputOptions } from './output.js';
import { Output, withOutputOptions } from './output.js';

const options = withOutputOptions(
  new Command('bench:networks')
    .option('--filter <text>', 'only parts whose name contains this: steps, batches, lengths, fresh, ops', '')
    .option('--threads <list>', 'numbers of threads', Array.from({ length: Math.min(availableParallelism(), 8) }, (_, index) => index + 1).join())
    .option('--rounds <n>', 'rounds, in each of which everything is timed once', '9'),
).parse().opts<OutputOptions & { filter: string; threads: string; rounds: string }>();
const threadCounts = options.threads.split(',').map(Number);
const rounds = Number(options.rounds);

const output = new Output(options);
const builds = BUILDS.filter((build) => build === 'strict' || detectFeatures().relaxedSimd);
const setups: Setup[] = builds.flatMap((build) => threadCounts.map((threads) => ({ build, threads })));
const most: Setup = { build: 'strict', threads: Math.max(...threadCounts) };

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  steps: () => steps(output, setups, rounds),
  batches: () => batches(output, most, rounds),
  lengths: () => lengths(output, most, rounds),
  fresh: () => fresh(output, threadCounts, Math.ceil(rounds / 2)),
  ops: async () => {
    for (const threads of threadCounts) await ops(output, { build: 'strict', threads }, rounds);
  },
};

output.begin(`The two networks in their seed form, medians of ${rounds} rounds${builds.length < BUILDS.length ? '; this engine has no relaxed build' : ''}`);
for (const [name, part] of Object.entries(PARTS)) if (name.includes(options.filter)) await part();
