/** The shapes of the cases in training-vectors.json. */
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
