import { availableParallelism, cpus } from 'node:os';
import { detectFeatures } from '../index.js';
import { resolveThreads } from '../runtime/threads.js';
import type { OutputOptions } from './options.js';
import type { Streams } from './streams.js';
import { VERSION } from './version.js';

/** The machine, as far as it matters to results and speed. */
export function machine(): { node: string; platform: string; cpu: string; cores: number } {
  return {
    node: process.version, platform: `${process.platform} ${process.arch}`, cpu: cpus()[0]?.model.trim() || 'unknown', cores: availableParallelism(),
  };
}

export function info({ json }: OutputOptions, { stdout }: Streams): void {
  const features = detectFeatures();
  const strict = features.simd && features.threads;
  const builds = { strict, relaxed: strict && features.relaxedSimd };
  const facts = { version: VERSION, ...machine(), features, threads: { auto: resolveThreads('auto') }, builds };
  stdout.write(json ? `${JSON.stringify(facts)}\n` : describe(facts));
}

function describe({ version, node, platform, cpu, cores, features, threads, builds }: {
  version: string; node: string; platform: string; cpu: string; cores: number;
  features: ReturnType<typeof detectFeatures>; threads: { auto: number }; builds: { strict: boolean; relaxed: boolean };
}): string {
  const has = (there: boolean): string => (there ? 'yes' : 'no');
  return [
    `lanewise    ${version}`,
    `Node        ${node}, ${platform}`,
    `Processor   ${cpu}, ${cores} core${cores === 1 ? '' : 's'}`,
    `Features    SIMD: ${has(features.simd)}, threads: ${has(features.threads)}, relaxed SIMD: ${has(features.relaxedSimd)}`,
    `Threads     auto means ${threads.auto}`,
    `Builds      strict: ${has(builds.strict)}, relaxed: ${has(builds.relaxed)}${builds.relaxed ? '' : ' (needs Node 22 or newer)'}`,
    '',
  ].join('\n');
}
