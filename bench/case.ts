import type { Layer } from '../src/layers/layer.js';
import { sequential } from '../src/model/sequential.js';
import type { PlannedOp } from '../src/plan/builder.js';
import type { PlainBackend } from './plain/kernels.js';
import type { BenchTape, LayerPasses } from './tape.js';
import { layOutLayers } from './tape.js';

/** One piece of work to time: a pass of some layers, a loss or an optimizer, on one shape. */
export interface Case {
  readonly kernel: string;
  readonly shape: string;
  readonly batch: number;
  /** Arithmetic of one run, however it is done: a convolution by Winograd's method counts as the direct one. 0: not counted. */
  readonly flops: number;
  /** Lays the work out and returns the ops to time. */
  readonly layOut: (tape: BenchTape) => readonly PlannedOp[];
  /** The same work in plain kernels: takes its buffers and returns what to time. */
  readonly plain?: Plain;
}

export type Plain = <Buffer>(backend: PlainBackend<Buffer>) => () => void;

export const nameOf = ({ kernel, shape }: Case): string => `${kernel} ${shape}`;

interface LayerCases {
  kernel: string;
  shape: string;
  batch: number;
  /** Fresh layers: a layer belongs to one model. */
  stack: () => readonly Layer[];
  /** Arithmetic of one sample's forward pass. Default: what the layers count. */
  flops?: number;
  /** The passes to time, each with its plain counterpart if there is one. */
  passes: { readonly [Pass in keyof LayerPasses]?: Plain | undefined };
}

const PASS_NAMES: Readonly<Record<keyof LayerPasses, string>> = {
  forward: 'forward', backward: 'backward', backwardKernel: 'backward kernel', backwardInput: 'backward input',
};

/** Cases for passes of some layers. A pass backward to kernel or input costs as much as the one forward; the whole of it both together. */
export function layerCases({ kernel, shape, batch, stack, flops, passes }: LayerCases): Case[] {
  const sample = flops ?? sequential(stack()).layers.reduce((sum, layer) => sum + layer.flops().multiplications + layer.flops().additions, 0);
  return (Object.keys(passes) as (keyof LayerPasses)[]).map((pass) => ({
    kernel: `${kernel} ${PASS_NAMES[pass]}`, shape, batch, flops: batch * sample * (pass === 'backward' ? 2 : 1),
    layOut: (tape) => layOutLayers(tape, stack())[pass],
    ...(passes[pass] && { plain: passes[pass] }),
  }));
}
