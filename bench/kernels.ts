/**
 * Kernels on the shapes of the two networks, and square matrix products: time and rate of each, by Benchmark.js.
 *
 *   npm run bench -- [--filter TEXT] [--threads N] [--build strict|relaxed] [--json]
 */
import Benchmark from 'benchmark';
import { Command } from 'commander';
import '../src/entry.node.js';
import { pooledBackwardScratch, pooledForwardScratch } from '../src/layers/pooled-conv2d.js';
import { ELEMENT_BLOCK, GRADIENT_STEP_BLOCK, STEP_BLOCK, blocksOf, imageBlock } from '../src/plan/blocking.js';
import { PlanBuilder } from '../src/plan/builder.js';
import type { Ref } from '../src/plan/buffer.js';
import { emitGemm } from '../src/plan/gemm.js';
import { Activation, Control, Kernel } from '../src/plan/ops.js';
import { Engine, align } from '../src/runtime/engine.js';
import type { Build } from '../src/runtime/load.js';

interface Case {
  name: string;
  /** Multiplications and additions of one run, or 0. */
  flops: number;
  /** Bytes read and written in one run, where memory is the limit. */
  bytes: number;
  emit: (plan: PlanBuilder) => void;
}

const tiles = Kernel.rowTableBytes + Kernel.edgeBytes;

function gemm(name: string, m: number, n: number, k: number, transposeA = 0, transposeB = 0): Case {
  return {
    name: `gemm ${name} ${m}×${n}×${k}${transposeA ? ' Aᵀ' : ''}${transposeB ? ' Bᵀ' : ''}`, flops: 2 * m * n * k, bytes: 0,
    emit: (plan) =>
      emitGemm(
        plan, { c: plan.buffer(m * n, true), a: plan.buffer(m * k, true), b: plan.buffer(k * n, true) },
        { m, n, k, transposeA: transposeA !== 0, transposeB: transposeB !== 0 },
      ),
  };
}

/** The three passes of a 3×3 convolution of a batch of 128, valid padding. */
function convolution(name: string, inH: number, inC: number, outC: number): Case[] {
  const batch = 128;
  const outH = inH - 2;
  const geometry = {
    batch, inH, inW: inH, inC, outH, outW: outH, outC, kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, padTop: 0, padLeft: 0,
    blockImages: imageBlock(batch),
  };
  const blocks = blocksOf(batch, geometry.blockImages);
  const patch = 9 * inC;
  const flops = 2 * batch * outH * outH * outC * patch;
  const x = (plan: PlanBuilder): Ref => plan.buffer(batch * inH * inH * inC, true);
  const y = (plan: PlanBuilder): Ref => plan.buffer(batch * outH * outH * outC, true);
  return [
    {
      name: `conv2dForward ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dForward', { y: y(plan), x: x(plan), filterPanels: plan.buffer(patch * outC, true), bias: undefined, ...geometry, relu: 1 },
          blocks, tiles + 24 * patch,
        ),
    },
    {
      name: `conv2dBackwardInput ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dBackwardInput', { dx: x(plan), dy: y(plan), filterPanels: plan.buffer(9 * Math.ceil(inC / 8) * 8 * outC, true), ...geometry },
          blocks, tiles + Kernel.edgeBytes + 32,
        ),
    },
    {
      name: `conv2dBackwardFilter ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dBackwardFilter', { partials: plan.buffer(blocks * patch * outC, true), x: x(plan), dy: y(plan), ...geometry }, blocks,
          Kernel.edgeBytes,
        ),
    },
  ];
}

/** A valid convolution of a batch of 128 fused with 2×2 max pooling; flops as if the gradient were dense. */
function pooledConvolution(name: string, inH: number, inC: number, outC: number, kernel: number): Case[] {
  const batch = 128;
  const outH = inH - kernel + 1;
  const geometry = {
    batch, inH, inW: inH, inC, outH, outW: outH, outC, kernelH: kernel, kernelW: kernel, strideH: 1, strideW: 1, padTop: 0, padLeft: 0,
    blockImages: imageBlock(batch),
  };
  const blocks = blocksOf(batch, geometry.blockImages);
  const patch = kernel * kernel * inC;
  const flops = 2 * batch * outH * outH * outC * patch;
  const pooled = batch * (outH >> 1) * (outH >> 1) * outC;
  const x = (plan: PlanBuilder): Ref => plan.buffer(batch * inH * inH * inC, true);
  const y = (plan: PlanBuilder): Ref => plan.buffer(pooled, true);
  const winners = (plan: PlanBuilder): Ref => plan.buffer(Math.ceil(pooled / 4), true);
  return [
    {
      name: `conv2dMaxPoolForward ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dMaxPoolForward',
          { y: y(plan), winners: winners(plan), x: x(plan), filterPanels: plan.buffer(patch * Math.ceil(outC / 8) * 8, true), bias: undefined, ...geometry, relu: 1 },
          blocks, pooledForwardScratch(patch, outC),
        ),
    },
    {
      name: `conv2dMaxPoolBackwardFilter ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dMaxPoolBackwardFilter',
          { partials: plan.buffer(blocks * (patch + 1) * outC, true), x: x(plan), dy: y(plan), winners: winners(plan), ...geometry },
          blocks, pooledBackwardScratch(patch, outC),
        ),
    },
    {
      name: `conv2dMaxPoolBackwardInput ${name}`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'conv2dMaxPoolBackwardInput',
          { dx: x(plan), dy: y(plan), winners: winners(plan), filterPanels: plan.buffer(kernel ** 2 * Math.ceil(inC / 8) * 8 * outC, true), ...geometry },
          blocks, 4 * outH * outH * outC + tiles + Kernel.edgeBytes + 32,
        ),
    },
  ];
}

/** A recurrent layer over a batch of 32 sequences of 499 steps. */
function recurrent(units: number): Case[] {
  const batch = 32;
  const groups = batch / Kernel.lanes;
  const pairs = groups / 2;
  const time = 499;
  const lanes = (plan: PlanBuilder): Ref => plan.buffer(batch * time * units, true);
  const w = (plan: PlanBuilder): Ref => plan.buffer(units * units, true);
  const flops = 2 * batch * time * units * units;
  const kind = Activation.tanh;
  return [
    {
      name: `lanesForward ${units} units`, flops, bytes: 0,
      emit: (plan) =>
        plan.op(
          'lanesForward',
          { y: lanes(plan), x: lanes(plan), w: w(plan), bias: undefined, groups, time, features: units, units, blockSteps: STEP_BLOCK },
          pairs * blocksOf(time, STEP_BLOCK), 16 * units,
        ),
    },
    {
      name: `simpleRnnForward ${units} units`, flops, bytes: 0,
      emit: (plan) => plan.op('simpleRnnForward', { h: lanes(plan), w: w(plan), batch, time, units, kind }, pairs),
    },
    {
      name: `simpleRnnBackward ${units} units`, flops, bytes: 0,
      emit: (plan) =>
        plan.op('simpleRnnBackward', { d: lanes(plan), dy: lanes(plan), h: lanes(plan), wTransposed: w(plan), groups, time, units, kind }, pairs),
    },
    {
      name: `lanesBackwardKernel ${units} units`, flops, bytes: 0,
      emit(plan) {
        const blocks = groups * blocksOf(time, GRADIENT_STEP_BLOCK);
        plan.op(
          'lanesBackwardKernel',
          {
            partials: plan.buffer(blocks * units * units, true), x: lanes(plan), dy: lanes(plan), time, features: units, units, shift: 1, withBias: 0,
            blockSteps: GRADIENT_STEP_BLOCK,
          },
          blocks, 16 + Kernel.dotsBytes + Kernel.dotsStepBytes * GRADIENT_STEP_BLOCK,
        );
      },
    },
  ];
}

function elementwise(kind: 'relu' | 'tanh' | 'sigmoid'): Case {
  const size = 128 * 26 * 26 * 64;
  return {
    name: `activationForward ${kind}`, flops: 0, bytes: 8 * size,
    emit: (plan) =>
      plan.op(
        'activationForward', { y: plan.buffer(size, true), x: plan.buffer(size, true), size, blockSize: ELEMENT_BLOCK, kind: Activation[kind] },
        blocksOf(size, ELEMENT_BLOCK),
      ),
  };
}

function adam(): Case {
  const size = 1_030_218;
  return {
    name: 'adam 1 030 218 weights', flops: 0, bytes: 28 * size,
    emit: (plan) => {
      const region = (): Ref => plan.buffer(size, true);
      plan.op(
        'adam',
        {
          w: region(), g: region(), m: region(), v: region(), state: plan.buffer(16, true), size, blockSize: ELEMENT_BLOCK, gain1: 0.1,
          gain2: 1e-3, epsilon: 1e-7,
        },
        blocksOf(size, ELEMENT_BLOCK),
      );
    },
  };
}

const CASES: readonly Case[] = [
  ...[64, 128, 256, 512, 1024].map((size) => gemm('square', size, size, size)),
  gemm('dense forward', 128, 128, 7744), gemm('dense backward kernel', 7744, 128, 128, 1, 0), gemm('dense backward input', 128, 7744, 128, 0, 1),
  ...convolution('1 → 64 on 28×28', 28, 1, 64), ...convolution('64 → 64 on 13×13', 13, 64, 64),
  ...pooledConvolution('1 → 64 on 28×28', 28, 1, 64, 3), ...pooledConvolution('3 → 32, 5×5 on 32×32', 32, 3, 32, 5),
  ...pooledConvolution('6 → 16, 5×5 on 14×14', 14, 6, 16, 5), ...pooledConvolution('32 → 64, 5×5 on 14×14', 14, 32, 64, 5),
  ...recurrent(5), ...recurrent(10), ...recurrent(20), ...recurrent(32), ...recurrent(64),
  elementwise('relu'), elementwise('tanh'), elementwise('sigmoid'), adam(),
];

const options = new Command('bench')
  .option('--filter <text>', 'only cases whose name contains this', '')
  .option('--threads <n>', 'threads', '1')
  .option('--build <build>', 'strict or relaxed', 'strict')
  .option('--json', 'one JSON object a line')
  .parse()
  .opts<{ filter: string; threads: string; build: Build; json?: boolean }>();

for (const { name, flops, bytes, emit } of CASES.filter(({ name }) => name.includes(options.filter))) {
  const engine = await Engine.create({ build: options.build, threads: Number(options.threads), base: Control.end, control: Control });
  const plan = new PlanBuilder();
  emit(plan);
  plan.place((size) => engine.reserve(size), align);
  const scratch = align(plan.scratch);
  const address = plan.encode(engine, engine.reserve(scratch * engine.threads), scratch);
  const { stats } = await run(name, () => engine.run(address));
  engine.close();
  const rate = flops > 0 ? flops / stats.mean / 1e9 : bytes / stats.mean / 1e9;
  const unit = flops > 0 ? 'GFLOP/s' : 'GB/s';
  console.log(
    options.json
      ? JSON.stringify({ name, ms: stats.mean * 1e3, rate, unit, errorPercent: stats.rme, threads: engine.threads, build: engine.build })
      : `${name.padEnd(44)} ${(stats.mean * 1e3).toFixed(3).padStart(9)} ms ±${stats.rme.toFixed(1).padStart(4)} % ${rate.toFixed(1).padStart(7)} ${unit}`,
  );
}

function run(name: string, work: () => void): Promise<Benchmark> {
  return new Promise((resolve) => {
    const benchmark: Benchmark = new Benchmark(name, work, { async: true, maxTime: 1, onComplete: () => resolve(benchmark) });
    benchmark.run();
  });
}
