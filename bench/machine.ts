/** What a figure was measured on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, type } from 'node:os';

export interface Machine {
  lanewise: string;
  commit: string;
  date: string;
  cpu: string;
  cores: number;
  system: string;
  node: string;
  v8: string;
}

const root = new URL('../', import.meta.url);

export function describeMachine(): Machine {
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  return {
    lanewise: version, commit: commit(), date: new Date().toISOString().slice(0, 10), cpu: processor(), cores: availableParallelism(),
    system: `${type()} ${release()}`, node: process.versions.node, v8: process.versions.v8,
  };
}

/** Its name, and where the system tells them its family and model: cloud machines go by names that several generations share. */
function processor(): string {
  const name = cpus()[0]?.model.trim() ?? 'unknown';
  try {
    const [, family, model] = /^cpu family\s*: (\d+)\nmodel\s*: (\d+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8')) ?? [];
    return family && model ? `${name} (family ${family}, model ${model})` : name;
  } catch {
    return name; // not Linux
  }
}

/** The commit checked out, with a + if files differ from it. */
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown'; // not a checkout
  }
}

export const machineLine = (machine: Machine): string =>
  `Lanewise ${machine.lanewise} (${machine.commit}), ${machine.date}; ${machine.cpu}, ${machine.cores} cores; ${machine.system}; Node ${machine.node} (V8 ${machine.v8})`;
