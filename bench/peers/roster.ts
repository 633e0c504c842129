/** Who takes part. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { BUILDS } from '../../src/runtime/load.js';
import { detectFeatures } from '../../src/entry.node.js';
import type { Peer } from './child.js';

/**
 * Makes the GNU C library keep memory that is freed. Else large tensors are mapped and unmapped in each step, and where a fault of a page is slow, as in
 * some virtual machines, this costs more than the arithmetic: four times the time of a step was seen. The threshold is the highest that it takes.
 */
const MEMORY_KEPT = { MALLOC_MMAP_THRESHOLD_: String(2 ** 25), MALLOC_TRIM_THRESHOLD_: String(2 ** 32), MALLOC_TOP_PAD_: String(2 ** 28) };

const node = (name: string, threads: number, ...args: string[]): Peer => ({ name, command: process.execPath, args: [...process.execArgv, ...args], threads });

export function roster(threadCounts: readonly number[], python: string | undefined): Peer[] {
  const builds = BUILDS.filter((build) => build === 'strict' || detectFeatures().relaxedSimd);
  const own = builds.flatMap((build) =>
    threadCounts.map((threads) => node(build === 'strict' ? 'Lanewise' : `Lanewise ${build}`, threads, 'lanewise.ts', String(threads), build)));
  const torch = findTorch(python);
  const native = torch
    ? threadCounts.flatMap((threads): Peer[] => {
        const peer = { name: 'PyTorch', command: torch, args: ['torch_peer.py', String(threads)], threads };
        return [peer, { ...peer, name: 'PyTorch, memory kept', environment: MEMORY_KEPT }];
      })
    : [];
  const installed = existsSync(new URL('node_modules/@tensorflow/tfjs', import.meta.url));
  const scripts = installed
    ? [node('TensorFlow.js wasm', 1, 'tfjs.mjs', 'wasm'), node('TensorFlow.js cpu', 1, 'tfjs.mjs', 'cpu'), node('jax-js', 1, 'jax.mjs')]
    : [];
  return [...own, ...native, ...scripts];
}

/** The first Python that has PyTorch. */
function findTorch(python: string | undefined): string | undefined {
  const candidates = python === undefined ? ['python3', '/usr/bin/python3'] : [python];
  return candidates.find((command) => spawnSync(command, ['-c', 'import torch']).status === 0);
}
