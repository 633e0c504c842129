/** The cases of training-vectors.json: their shapes, and what hands each to the check of its kind. */
import { assertClose, relativeTolerances } from './tolerance.js';
import type { Values } from './values.js';

export type Pair = [number, number];
export type Shape4 = [number, number, number, number];

export interface CaseHead {
  name: string;
  rtol: number;
  atol: number;
}

export interface Conv2dCase extends CaseHead {
  group: 'conv2d-gradient';
  format: 'NHWC' | 'NCHW';
  x_shape: Shape4;
  x: number[];
  filter_shape_HWIO: Shape4;
  filter: number[];
  strides: Pair;
  pad: number;
  dy_shape: Shape4;
  dy: number[];
  dx: number[];
  dfilter: number[];
}

export interface MaxPoolCase extends CaseHead {
  group: 'maxpool-gradient';
  format: 'NHWC';
  x_shape: Shape4;
  x: number[];
  kernel: Pair;
  strides: Pair;
  pads_top_bottom_left_right: Shape4;
  dy: number[];
  dx: number[];
}

export interface OptimizerSettings {
  kind: 'SGD' | 'Adam';
  lr: number;
  momentum?: number;
  weight_decay?: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

export interface OptimizerCase extends CaseHead {
  group: 'optimizer';
  optimizer: OptimizerSettings;
  x: number[];
  grads?: number[][];
  loss?: string;
  after_each_step: number[][];
}

export interface RnnForwardCase extends CaseHead {
  group: 'rnn-forward';
  layer: 'SimpleRNN' | 'LSTM' | 'GRU';
  units: number;
  input_shape: [number, number, number];
  kernel: number[][];
  recurrent_kernel: number[][];
  bias: number[] | number[][] | null;
  reset_after: boolean | null;
  go_backwards: boolean;
  initial_h: number[][] | null;
  initial_c?: number[][] | null;
  stateful_calls: number;
  last_output: number[][];
}

/** Time-major, with PyTorch's weights [4·units, in] and two biases. */
export interface TorchLstmCase extends CaseHead {
  group: 'rnn-forward';
  layer: 'LSTM';
  units: number;
  input_shape_time_major: [number, number, number];
  weight_ih: number[];
  weight_hh: number[];
  bias_ih: number[];
  bias_hh: number[];
  output_time_major: number[];
  last_c: number[];
}

export interface TorchTrainingCase extends CaseHead {
  group: 'training';
  layer?: never;
  optimizer: OptimizerSettings;
  x: number[][];
  init: { w1: number[]; b1: number[]; w2: number[]; b2: number[] };
  after_step_index: Record<string, number[]>;
}

export interface BpttCase extends CaseHead {
  group: 'training';
  layer: 'SimpleRNN' | 'LSTM' | 'GRU';
  optimizer: OptimizerSettings;
  target: number;
  steps: number;
  init_kernel_and_recurrent: number;
  after: { kernel_row: number[]; recurrent: number[]; dense: number[] };
}

export type Case = Conv2dCase | MaxPoolCase | OptimizerCase | RnnForwardCase | TorchLstmCase | TorchTrainingCase | BpttCase;

/** A check for each kind of case. */
export interface Checks<Result> {
  conv2d(vector: Conv2dCase): Result;
  maxPool(vector: MaxPoolCase): Result;
  optimizer(vector: OptimizerCase): Result;
  recurrent(vector: RnnForwardCase): Result;
  torchLstm(vector: TorchLstmCase): Result;
  bptt(vector: BpttCase): Result;
  torchTraining(vector: TorchTrainingCase): Result;
}

export function checkWith<Result>(checks: Checks<Result>, vector: Case): Result {
  switch (vector.group) {
    case 'conv2d-gradient':
      return checks.conv2d(vector);
    case 'maxpool-gradient':
      return checks.maxPool(vector);
    case 'optimizer':
      return checks.optimizer(vector);
    case 'rnn-forward':
      return 'weight_ih' in vector ? checks.torchLstm(vector) : checks.recurrent(vector);
    case 'training':
      return vector.layer === undefined ? checks.torchTraining(vector) : checks.bptt(vector);
    default:
      throw new Error(`unknown group ${JSON.stringify((vector as Case).group)}`);
  }
}

/** Within the tolerances of the case. */
export function expectClose({ rtol, atol }: CaseHead, actual: Values, expected: Values, message: string): void {
  assertClose(actual, expected, relativeTolerances(expected, rtol, atol), message);
}
