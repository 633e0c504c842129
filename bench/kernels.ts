/**
 * Every kernel on the two networks' shapes and on sweeps of sizes: its time and rate, how near it comes to the machine's own peak, measured in the
 * same run, and how much faster it is than the same work without SIMD and in JavaScript.
 *
 *   npm run bench -- [--filter TEXT] [--threads N] [--build strict|relaxed] [--ops] [--no-plain] [--seconds S] [--roofline FILE] [--json|--markdown]
 */
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import '../src/entry.node.js';
import { profilePlan } from '../src/plan/profile.js';
import { BUILDS, loadKernels } from '../src/runtime/load.js';
import type { Build } from '../src/runtime/load.js';
import type { Case, Plain } from './case.js';
import { nameOf } from './case.js';
import { FAMILIES } from './cases/index.js';
import { time } from './time.js';
import type { Column, OutputOptions } from './output.js';
import { Output, figure, withOutputOptions } from './output.js';
import { peakArithmetic } from './peak-arithmetic.js';
import { peakBandwidth } from './peak-memory.js';
import { javascript } from './plain/javascript.js';
import type { PlainBackend } from './plain/kernels.js';
import { createScalar } from './plain/scalar.js';
import type { Dot, Roofs } from './roofline.js';
import { drawRoofline } from './roofline.js';
import { prepare, traffic } from './tape.js';

interface Options extends OutputOptions {
  filter: string;
  threads: string;
  build: Build;
  ops?: boolean;
  plain: boolean;
  seconds: string;
  roofline?: string;
}

interface Row {
  kernel: string;
  milliseconds: number;
  spread?: number;
  gflops?: number;
  gbs: number;
  percentOfPeak?: number;
  /** Which of the two peaks that is. */
  limit?: 'arithmetic' | 'memory';
  /** How many times longer the same work takes without SIMD and in JavaScript, on one thread. */
  scalar?: number;
  javascript?: number;
}

const options = withOutputOptions(
  new Command('bench')
    .option('--filter <text>', 'only cases whose name contains this', '')
    .option('--threads <n>', 'threads', '1')
    .addOption(new Option('--build <build>').choices(BUILDS).default('strict'))
    .option('--ops', 'also the ops of each case')
    .option('--no-plain', 'without the comparison with scalar WebAssembly and JavaScript')
    .option('--seconds <s>', 'how long each is measured', '0.5')
    .option('--roofline <file>', 'draw a roofline picture (SVG)'),
).parse().opts<Options>();
const setup = { build: options.build, threads: Number(options.threads) };
const seconds = Number(options.seconds);

const output = new Output(options);
output.begin(`Kernels, ${setup.build} build, ${setup.threads} thread${setup.threads === 1 ? '' : 's'}`);
const roofs: Roofs = {
  gflops: await peakArithmetic(await loadKernels(setup.build), setup.threads, Math.max(seconds, 0.2)), gbs: await peakBandwidth(setup, Math.max(seconds, 0.2)),
};
if (output.format === 'json') console.log(JSON.stringify({ peak: roofs }));
output.note(`Peak: ${figure(roofs.gflops)} GFLOP/s (the bare register tile in the first-level cache), ${figure(roofs.gbs)} GB/s (copy and triad in memory)`);

const COLUMNS: readonly Column<Row>[] = [
  { title: 'kernel', width: 82, text: ({ kernel }) => kernel },
  { title: 'ms', width: 9, text: ({ milliseconds }) => figure(milliseconds) },
  { title: '± %', width: 5, text: ({ spread }) => spread?.toFixed(1) ?? '' },
  { title: 'GFLOP/s', width: 8, text: ({ gflops }) => figure(gflops) },
  { title: 'GB/s', width: 7, text: ({ gbs }) => figure(gbs) },
  { title: 'of peak', width: 12, text: ({ percentOfPeak, limit }) => (limit ? `${percentOfPeak!.toFixed(0)} % ${limit === 'memory' ? 'mem' : 'fp '}` : '') },
  { title: '× scalar', width: 8, text: ({ scalar }) => figure(scalar) },
  { title: '× JavaScript', width: 12, text: (row) => figure(row.javascript) },
];
const dots: Dot[] = [];
for (const [family, cases] of Object.entries(FAMILIES)) {
  const chosen = cases.filter((option) => nameOf(option).includes(options.filter));
  if (chosen.length === 0) continue;
  const print = output.table(family, COLUMNS);
  for (const option of chosen) await run(family, option, print);
  output.end();
}
if (options.roofline) writeFileSync(options.roofline, drawRoofline(roofs, dots, `${setup.build} build, threads: ${setup.threads}`));

async function run(family: string, option: Case, print: (row: Row) => void): Promise<void> {
  const { engine, address, ops } = await prepare(setup, option.batch, option.layOut);
  const { milliseconds, spread } = await time(nameOf(option), () => engine.run(address), seconds);
  const bytes = traffic(ops);
  const rates = ratesOf(option.flops, bytes, milliseconds);
  const compare = async (backend: () => PlainBackend<unknown>): Promise<number | undefined> =>
    option.plain && options.plain ? (await timePlain(option.plain, backend())) / milliseconds : undefined;
  const scalar = await compare(createScalar as () => PlainBackend<unknown>);
  const plain = await compare(() => javascript as PlainBackend<unknown>);
  print({ kernel: nameOf(option), milliseconds, spread, ...rates, ...(scalar && { scalar }), ...(plain && { javascript: plain }) });
  if (option.flops > 0) dots.push({ family, name: nameOf(option), intensity: option.flops / bytes, gflops: rates.gflops! });
  if (options.ops) {
    profilePlan(engine, address, 31, (bytes) => engine.reserve(bytes)).forEach((ms, index) => {
      const op = ops[index]!;
      print({ kernel: `  ${op.name}`, milliseconds: ms, gbs: traffic([op]) / ms / 1e6 });
    });
  }
  engine.close();
}

function ratesOf(flops: number, bytes: number, milliseconds: number): Pick<Row, 'gflops' | 'gbs' | 'percentOfPeak' | 'limit'> {
  const gflops = flops / milliseconds / 1e6;
  const gbs = bytes / milliseconds / 1e6;
  const arithmetic = gflops / roofs.gflops;
  const memory = gbs / roofs.gbs;
  // under a roofline the nearer of the two roofs is the one that binds
  return { ...(flops > 0 && { gflops }), gbs, percentOfPeak: 100 * Math.max(arithmetic, memory), limit: memory > arithmetic ? 'memory' : 'arithmetic' };
}

async function timePlain(plain: Plain, backend: PlainBackend<unknown>): Promise<number> {
  const { milliseconds } = await time(backend.name, plain(backend), seconds / 2);
  return milliseconds;
}
