/**
 * The same work in other libraries, in alternation: each peer waits in a process of its own until it is asked for a round, so no two measure at
 * once.
 *
 *   cd bench/peers && npm install && npm run peers -- [--cases cnn,gemm] [--threads 1,2] [--peers Lanewise,PyTorch] [--rounds N] [--json|--markdown]
 *
 * The cases "cnn-…" see noise. Where the variable FASHION_MNIST_DIR names a folder that has it, cases "images-…" see its images, after some training.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { median } from '../measure.js';
import type { OutputOptions } from '../output.js';
import { Output, figure, withOutputOptions } from '../output.js';
import type { About } from './child.js';
import { Child } from './child.js';
import { roster } from './roster.js';

interface Options extends OutputOptions {
  cases: string;
  threads: string;
  peers: string;
  rounds: string;
  cap: string;
  python?: string;
}

const list = (text: string): string[] => text.split(',').filter((part) => part !== '');
const options = withOutputOptions(
  new Command('peers')
    .option('--cases <list>', 'only cases whose name contains one of these', '')
    .option('--threads <list>', 'numbers of threads, for peers that have threads', availableParallelism() > 1 ? `1,${availableParallelism()}` : '1')
    .option('--peers <list>', 'only peers whose name contains one of these', '')
    .option('--rounds <n>', 'rounds, in each of which every peer has its turn', '7')
    .option('--cap <s>', 'seconds after which a slow peer gets no more rounds of a case', '20')
    .option('--python <command>', 'a Python that has PyTorch'),
).parse().opts<Options>();
const threadCounts = list(options.threads).map(Number);
const [rounds, cap] = [Number(options.rounds), Number(options.cap)];
/** Seconds: of a peer's turn, and until it is given up; what it compiles before its first time may take minutes. */
const TURN = 0.25;
const PATIENCE = 600;

/** How a peer did a case. */
interface Row {
  case: string;
  peer: string;
  variant: string;
  threads: number;
  /** The median of its turns, and the best of them: where others use the machine too, what it does when they leave it alone. */
  milliseconds?: number;
  best?: number;
  rounds: number;
  /** The first time, with what is compiled and set up on the way. */
  first?: number;
  error?: string;
  /** Times of this over those of Lanewise, strict build, on as many threads. */
  ratio?: number;
  bestRatio?: number;
}

/** A way of a peer while it is measured. */
interface Entry {
  child: Child;
  row: Row;
  /** Milliseconds of each round. */
  samples: number[];
  /** Seconds in all. */
  spent: number;
  /** Whether the first time is no measure of the others. */
  compiles: boolean;
}

const matches = (name: string, filter: string): boolean => list(filter).length === 0 || list(filter).some((part) => name.includes(part));
const progress = (text: string): void => void (process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`));
const output = new Output(options);
output.begin('The same work in other libraries, medians of rounds in alternation');
const children: { child: Child; about: About }[] = [];
for (const peer of roster(threadCounts, options.python).filter(({ name }) => matches(name, options.peers))) {
  try {
    children.push(await Child.start(peer));
  } catch (error) {
    output.note((error as Error).message);
  }
}
if (output.format === 'json') for (const { child, about } of children) console.log(JSON.stringify({ peer: child.peer.name, version: about.version, threads: about.threads }));
output.note([...new Set(children.map(({ about }) => about.version))].join('; '));

// what Lanewise cannot do is not compared
const names = Object.keys((children.find(({ child }) => child.peer.name === 'Lanewise') ?? children[0])?.about.variants ?? {}).filter((name) => matches(name, options.cases));
const results = new Map<string, Row[]>();
for (const name of names) {
  const rows = await compare(name);
  results.set(name, rows);
  const print = output.table<Row>(name, [
    { title: 'peer', width: 34, text: ({ peer, variant }) => `${peer}${variant && `, ${variant}`}` }, { title: 'threads', width: 7, text: ({ threads }) => String(threads) },
    { title: 'ms', width: 9, text: ({ milliseconds }) => figure(milliseconds) }, { title: '× Lanewise', width: 10, text: ({ ratio }) => figure(ratio) },
    { title: 'best, ms', width: 9, text: ({ best }) => figure(best) }, { title: '× Lanewise', width: 10, text: ({ bestRatio }) => figure(bestRatio) },
    { title: 'rounds', width: 6, text: (row) => String(row.rounds) }, { title: 'first, ms', width: 9, text: ({ first }) => figure(first) },
    { title: '', width: 0, text: ({ error }) => error ?? '' },
  ]);
  rows.forEach(print);
  output.end();
}
for (const { child } of children) child.stop();
summarize();

/** All peers in turn, round by round; a peer that does a case in several ways does each of them. */
async function compare(name: string): Promise<Row[]> {
  const entries = children.flatMap(({ child, about }) =>
    (about.variants[name] ?? []).map((variant): Entry => ({
      child, samples: [], spent: 0, compiles: about.compiles ?? false, row: { case: name, peer: child.peer.name, variant, threads: about.threads, rounds: 0 },
    })));
  for (const entry of entries) {
    progress(`${name}: ${entry.row.peer} makes ready`);
    const { milliseconds, error } = await entry.child.ask({ prepare: name, variant: entry.row.variant }, PATIENCE);
    Object.assign(entry.row, error === undefined ? { first: milliseconds } : { error });
    // a time beyond the cap stands for itself, without another
    if (milliseconds !== undefined && milliseconds > 1000 * cap && !entry.compiles) Object.assign(entry, { samples: [milliseconds], spent: milliseconds / 1000 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      if (entry.row.error !== undefined || entry.spent > cap) continue;
      progress(`${name}: round ${round + 1} of ${rounds}, ${entry.row.peer}`);
      const begin = performance.now();
      const { milliseconds, error } = await entry.child.ask({ round: entry.row.variant, seconds: TURN }, PATIENCE);
      entry.spent += (performance.now() - begin) / 1000;
      if (error === undefined) entry.samples.push(milliseconds!);
      else entry.row.error = error;
    }
  }
  for (const { child } of children) await child.ask({ drop: true }, PATIENCE);
  progress('');
  for (const { row, samples } of entries) if (samples.length > 0) Object.assign(row, { milliseconds: median(samples), best: Math.min(...samples), rounds: samples.length });
  const rows = entries.map(({ row }) => row);
  for (const row of rows) {
    const own = rows.find(({ peer, threads }) => peer === 'Lanewise' && threads === row.threads);
    if (own?.milliseconds === undefined || row.milliseconds === undefined) continue;
    row.ratio = row.milliseconds / own.milliseconds;
    row.bestRatio = row.best! / own.best!;
  }
  return rows;
}

/** A line for each case and number of threads: how many times as long as Lanewise the others take, each in its fastest variant. */
function summarize(): void {
  const peers = [...new Set(children.map(({ child }) => child.peer.name))].filter((name) => name !== 'Lanewise');
  type Ratios = Readonly<Record<string, number>>;
  interface Summary {
    case: string;
    threads: number;
    milliseconds: number;
    ratios: Ratios;
    /** Of the best turns. */
    bestRatios: Ratios;
  }
  const print = output.table<Summary>(
    'Times of the others over that of Lanewise (above 1: Lanewise is faster), in brackets of the best turns; those without threads against each number of threads',
    [
      { title: 'case', width: 14, text: (row) => row.case }, { title: 'threads', width: 7, text: ({ threads }) => String(threads) },
      { title: 'Lanewise, ms', width: 12, text: ({ milliseconds }) => figure(milliseconds) },
      ...peers.map((peer) => ({
        title: peer, width: Math.max(peer.length, 13), text: ({ ratios, bestRatios }: Summary) => `${figure(ratios[peer])} (${figure(bestRatios[peer])})`,
      })),
    ],
  );
  for (const [name, rows] of results) {
    for (const own of rows.filter(({ peer }) => peer === 'Lanewise')) {
      if (own.milliseconds === undefined) continue;
      const ratiosOf = (time: 'milliseconds' | 'best'): Ratios =>
        Object.fromEntries(peers.map((peer) => {
          const all = rows.filter((row) => row.peer === peer);
          const comparable = all.filter(({ threads }) => threads === own.threads);
          const times = (comparable.length > 0 ? comparable : all).map((row) => row[time] ?? Infinity);
          return [peer, Math.min(...times) / own[time]!];
        }));
      print({ case: name, threads: own.threads, milliseconds: own.milliseconds, ratios: ratiosOf('milliseconds'), bestRatios: ratiosOf('best') });
    }
  }
  output.end();
}
