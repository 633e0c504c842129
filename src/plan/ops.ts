/**
 * The op table: every kernel the plan can call, with its arguments in the order of the AssemblyScript function of the same name.
 * This is the one source of truth of the binary interface; `scripts/generate-ops.ts` writes assembly/plan/ops.ts from it, and a test
 * fails if the two differ.
 *
 * Kinds of argument: `out`, `in`, `inout` are addresses of buffers (so the planner knows who writes and who reads), with `?` where address 0
 * is allowed; `i32` and `f32` are numbers.
 */
export type ArgumentKind = 'out' | 'in' | 'inout' | 'out?' | 'in?' | 'inout?' | 'i32' | 'f32';
type Arguments = Readonly<Record<string, ArgumentKind>>;

interface OpDefinition {
  /** AssemblyScript module below assembly/, without extension. */
  readonly module: string;
  readonly args: Arguments;
}

const images = {
  batch: 'i32', inH: 'i32', inW: 'i32', inC: 'i32', outH: 'i32', outW: 'i32', outC: 'i32',
  kernelH: 'i32', kernelW: 'i32', strideH: 'i32', strideW: 'i32', padTop: 'i32', padLeft: 'i32', blockImages: 'i32',
} as const;
const convolution = { ...images, dilationH: 'i32', dilationW: 'i32', groups: 'i32' } as const;
const depthwise = {
  batch: 'i32', inH: 'i32', inW: 'i32', inC: 'i32', outH: 'i32', outW: 'i32', multiplier: 'i32', kernelH: 'i32', kernelW: 'i32', strideH: 'i32', strideW: 'i32',
  padTop: 'i32', padLeft: 'i32', blockImages: 'i32', dilationH: 'i32', dilationW: 'i32',
} as const;
const winogradImages = {
  batch: 'i32', inH: 'i32', inW: 'i32', inC: 'i32', outH: 'i32', outW: 'i32', outC: 'i32', padTop: 'i32', padLeft: 'i32',
  blockImages: 'i32', chunk: 'i32',
} as const;
const windows = {
  inH: 'i32', inW: 'i32', channels: 'i32', outH: 'i32', outW: 'i32',
  poolH: 'i32', poolW: 'i32', strideH: 'i32', strideW: 'i32', padTop: 'i32', padLeft: 'i32',
} as const;
const elements = { size: 'i32', blockSize: 'i32' } as const;
/** What the rules of all optimizers take beside the weights, the gradient and their slots. */
const rule = { average: 'inout?', state: 'in', ...elements, clipvalue: 'f32' } as const;
const losses = { rowLoss: 'out', rowCorrect: 'out' } as const;
const classRows = { rows: 'i32', classes: 'i32', blockRows: 'i32' } as const;
const columnRows = { rows: 'i32', columns: 'i32', blockRows: 'i32' } as const;
const key = { key0: 'i32', key1: 'i32' } as const;
const picture = { state: 'in', height: 'i32', width: 'i32', channels: 'i32' } as const;
const motion = { turnsLow: 'f32', turnsHigh: 'f32', downLow: 'f32', downHigh: 'f32', rightLow: 'f32', rightHigh: 'f32' } as const;
const randomMask = { key0: 'i32', key1: 'i32', threshold: 'i32', scale: 'f32' } as const;

export const OPS = {
  gemm: {
    module: 'gemm/gemm',
    args: {
      c: 'out', a: 'in', b: 'in', bias: 'in?', m: 'i32', n: 'i32', k: 'i32', lda: 'i32', ldb: 'i32', ldc: 'i32',
      transposeA: 'i32', transposeB: 'i32', blockM: 'i32', blockN: 'i32', blockK: 'i32', packA: 'i32', relu: 'i32',
    },
  },
  packPanels: {
    module: 'gemm/panels',
    args: { panels: 'out', b: 'in', k: 'i32', n: 'i32', strideK: 'i32', strideN: 'i32', matrixStride: 'i32' },
  },
  conv2dForward: { module: 'conv2d/forward', args: { y: 'out', x: 'in', filterPanels: 'in', bias: 'in?', ...convolution, relu: 'i32' } },
  conv2dBackwardInput: { module: 'conv2d/backward-input', args: { dx: 'out', dy: 'in', filterPanels: 'in', ...convolution } },
  conv2dBackwardFilter: { module: 'conv2d/backward-filter', args: { partials: 'out', x: 'in', dy: 'in', ...convolution } },
  depthwiseForward: { module: 'depthwise/forward', args: { y: 'out', x: 'in', filter: 'in', bias: 'in?', ...depthwise } },
  depthwiseBackwardInput: { module: 'depthwise/backward-input', args: { dx: 'out', dy: 'in', filter: 'in', ...depthwise } },
  depthwiseBackwardFilter: { module: 'depthwise/backward-filter', args: { partials: 'out', x: 'in', dy: 'in', ...depthwise } },
  winogradFilter: { module: 'winograd/filter', args: { panels: 'out', filter: 'in', inC: 'i32', outC: 'i32', transposed: 'i32' } },
  winogradForward: {
    module: 'winograd/forward', args: { y: 'out', v: 'out?', x: 'in', panels: 'in', bias: 'in?', ...winogradImages, relu: 'i32' },
  },
  winogradBackwardInput: {
    module: 'winograd/backward', args: { dx: 'out?', m: 'out', sums: 'out', dy: 'in', y: 'in?', panels: 'in?', ...winogradImages },
  },
  winogradBackwardFilter: { module: 'winograd/backward', args: { u: 'out', v: 'in', m: 'in', tiles: 'i32', inC: 'i32', outC: 'i32' } },
  winogradFilterGradient: { module: 'winograd/filter', args: { gradient: 'out', u: 'in', inC: 'i32', outC: 'i32' } },
  conv2dMaxPoolForward: {
    module: 'conv2d/pooled-forward',
    args: { y: 'out', winners: 'out?', x: 'in', filterPanels: 'in', bias: 'in?', ...images, relu: 'i32' },
  },
  conv2dMaxPoolBackwardInput: {
    module: 'conv2d/pooled-backward-input', args: { dx: 'out', dy: 'in', winners: 'in', filterPanels: 'in', ...images },
  },
  conv2dMaxPoolBackwardFilter: {
    module: 'conv2d/pooled-backward-filter', args: { partials: 'out', x: 'in', dy: 'in', winners: 'in', ...images },
  },
  maxPoolForward: { module: 'pool2d/max-forward', args: { y: 'out', argmax: 'out?', x: 'in', ...windows } },
  maxPoolBackward: { module: 'pool2d/max-backward', args: { dx: 'out', dy: 'in', argmax: 'in', ...windows } },
  averagePoolForward: { module: 'pool2d/average-forward', args: { y: 'out', x: 'in', mask: 'in?', ...windows } },
  averagePoolBackward: { module: 'pool2d/average-backward', args: { dx: 'out', dy: 'in', mask: 'in?', ...windows } },
  activationForward: { module: 'activation', args: { y: 'out', x: 'in', ...elements, kind: 'i32', alpha: 'f32' } },
  activationBackward: { module: 'activation', args: { dx: 'out', dy: 'in', z: 'in', ...elements, kind: 'i32', alpha: 'f32' } },
  affine: { module: 'activation', args: { y: 'out', x: 'in', ...elements, scale: 'f32', offset: 'f32' } },
  softmaxForward: { module: 'softmax', args: { y: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' } },
  softmaxBackward: { module: 'softmax', args: { dx: 'out', dy: 'in', y: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' } },
  layerNormForward: {
    module: 'normalization/layer', args: { y: 'out', statistics: 'out', x: 'in', gamma: 'in?', beta: 'in?', ...columnRows, epsilon: 'f32' },
  },
  layerNormBackwardInput: { module: 'normalization/layer', args: { dx: 'out', dy: 'in', x: 'in', statistics: 'in', gamma: 'in?', ...columnRows } },
  layerNormBackwardGamma: { module: 'normalization/layer', args: { partials: 'out', dy: 'in', x: 'in', statistics: 'in', ...columnRows } },
  softmaxCrossEntropy: {
    module: 'softmax', args: { dLogits: 'out?', ...losses, logits: 'in', labels: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32' },
  },
  categoricalCrossEntropy: {
    module: 'loss/categorical',
    args: { dLogits: 'out?', ...losses, logits: 'in', targets: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32', labelSmoothing: 'f32' },
  },
  probabilityCrossEntropy: {
    module: 'loss/categorical',
    args: {
      dOutput: 'out?', ...losses, p: 'in', targets: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32', labelSmoothing: 'f32', sparse: 'i32',
    },
  },
  binaryCrossEntropy: {
    module: 'loss/binary',
    args: {
      dOutput: 'out?', ...losses, output: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32', labelSmoothing: 'f32',
      probabilities: 'i32',
    },
  },
  meanSquaredError: {
    module: 'loss/regression',
    args: { dPredictions: 'out?', rowLoss: 'out', predictions: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32' },
  },
  huber: {
    module: 'loss/regression',
    args: {
      dPredictions: 'out?', rowLoss: 'out', predictions: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32', delta: 'f32',
      absolute: 'i32',
    },
  },
  lossWeights: {
    module: 'loss/weights',
    args: { rowScale: 'out', state: 'inout', weights: 'in?', mask: 'in?', rows: 'i32', steps: 'i32' },
  },
  dropout: { module: 'dropout', args: { y: 'out', kept: 'out?', x: 'in', state: 'in', ...elements, ...randomMask } },
  dropoutBackward: { module: 'dropout', args: { dx: 'out', dy: 'in', kept: 'in', ...elements, scale: 'f32' } },
  dropoutSteps: { module: 'dropout', args: { y: 'out', x: 'in', state: 'in', time: 'i32', features: 'i32', ...randomMask } },
  dropoutStepsMask: { module: 'dropout', args: { mask: 'out', state: 'in', features: 'i32', ...randomMask } },
  randomFlip: { module: 'augment/random-flip', args: { y: 'out', x: 'in', ...picture, horizontal: 'i32', vertical: 'i32', ...key } },
  randomAffine: { module: 'augment/random-affine', args: { y: 'out', x: 'in', ...picture, fill: 'i32', fillValue: 'f32', ...motion, ...key } },
  randomAffineBackward: { module: 'augment/random-affine', args: { dx: 'out', dy: 'in', ...picture, fill: 'i32', ...motion, ...key } },
  randomErasing: {
    module: 'augment/random-erasing',
    args: { y: 'out', x: 'in', ...picture, chance: 'f32', scaleLow: 'f32', scaleHigh: 'f32', fillValue: 'f32', ...key },
  },
  toLanes: {
    module: 'recurrent/lanes',
    args: { lanes: 'out', rows: 'in', batch: 'i32', time: 'i32', features: 'i32', first: 'i32', count: 'i32' },
  },
  fromLanes: {
    module: 'recurrent/lanes',
    args: { rows: 'out', lanes: 'in', batch: 'i32', time: 'i32', features: 'i32', first: 'i32', count: 'i32' },
  },
  lanesForward: {
    module: 'recurrent/lanes-forward',
    args: { y: 'out', x: 'in', w: 'in', bias: 'in?', groups: 'i32', time: 'i32', features: 'i32', units: 'i32', blockSteps: 'i32' },
  },
  lanesBackwardKernel: {
    module: 'recurrent/lanes-backward-kernel',
    args: {
      partials: 'out', x: 'in', dy: 'in', time: 'i32', features: 'i32', units: 'i32', shift: 'i32', withBias: 'i32', blockSteps: 'i32',
    },
  },
  simpleRnnForward: {
    module: 'recurrent/simple-rnn',
    args: { h: 'inout', w: 'in', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32', kind: 'i32' },
  },
  simpleRnnBackward: {
    module: 'recurrent/simple-rnn',
    args: { d: 'out', dy: 'in', h: 'in', wTransposed: 'in', mask: 'in?', drop: 'in?', groups: 'i32', time: 'i32', units: 'i32', kind: 'i32' },
  },
  lstmForward: {
    module: 'recurrent/lstm-forward',
    args: {
      h: 'out', c: 'out', gates: 'inout', w: 'in', h0: 'in?', c0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32', kind: 'i32',
      recurrentKind: 'i32',
    },
  },
  lstmBackward: {
    module: 'recurrent/lstm-backward',
    args: {
      dz: 'out', dy: 'in', gates: 'in', c: 'in', wTransposed: 'in', c0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32',
      kind: 'i32', recurrentKind: 'i32',
    },
  },
  gruForward: {
    module: 'recurrent/gru-forward',
    args: {
      h: 'out', gates: 'inout', inner: 'out', w: 'in', bias: 'in?', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32',
      kind: 'i32', recurrentKind: 'i32', resetAfter: 'i32',
    },
  },
  gruBackward: {
    module: 'recurrent/gru-backward',
    args: {
      d: 'out', dInner: 'out?', dy: 'in', h: 'in', gates: 'in', inner: 'in', wTransposed: 'in', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32',
      time: 'i32', units: 'i32', kind: 'i32', recurrentKind: 'i32', resetAfter: 'i32',
    },
  },
  previousSteps: { module: 'recurrent/lanes', args: { y: 'out', x: 'in', x0: 'in?', factors: 'in?', time: 'i32', features: 'i32' } },
  keepState: {
    module: 'recurrent/keep-state',
    args: { kept: 'inout', steps: 'in', state: 'in', time: 'i32', features: 'i32', training: 'i32' },
  },
  reverseSteps: { module: 'recurrent/lanes', args: { y: 'out', x: 'in', time: 'i32', features: 'i32' } },
  transpose: { module: 'recurrent/lanes', args: { out: 'out', x: 'in', rows: 'i32', columns: 'i32' } },
  reducePartials: { module: 'reduce', args: { out: 'out', partials: 'in', size: 'i32', count: 'i32', stride: 'i32', blockSize: 'i32' } },
  columnSums: { module: 'reduce', args: { partials: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' } },
  columnMoments: { module: 'normalization/columns', args: { partials: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' } },
  columnGradients: {
    module: 'normalization/columns',
    args: { partials: 'out', dy: 'in', x: 'in', moments: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  },
  batchMoments: {
    module: 'normalization/batch', args: { moments: 'out', partials: 'in', rows: 'i32', columns: 'i32', count: 'i32', epsilon: 'f32' },
  },
  keptMoments: { module: 'normalization/batch', args: { moments: 'out', mean: 'in', variance: 'in', columns: 'i32', epsilon: 'f32' } },
  movingAverage: { module: 'normalization/batch', args: { w: 'inout', value: 'in', state: 'in', size: 'i32', momentum: 'f32' } },
  batchNormForward: {
    module: 'normalization/batch',
    args: { y: 'out', x: 'in', moments: 'in', gamma: 'in?', beta: 'in?', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  },
  batchNormSums: {
    module: 'normalization/batch',
    args: { dGamma: 'out?', dBeta: 'out?', means: 'out', partials: 'in', rows: 'i32', columns: 'i32', count: 'i32' },
  },
  batchNormBackward: {
    module: 'normalization/batch',
    args: { dx: 'out', dy: 'in', x: 'in', moments: 'in', gamma: 'in?', means: 'in?', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  },
  copyRows: {
    module: 'copy', args: { to: 'inout', from: 'in', rows: 'i32', columns: 'i32', toStride: 'i32', fromStride: 'i32', blockRows: 'i32' },
  },
  embeddingForward: { module: 'embedding', args: { y: 'out', ids: 'in', w: 'in', rows: 'i32', columns: 'i32', vocabulary: 'i32', blockRows: 'i32' } },
  embeddingBackward: {
    module: 'embedding', args: { dw: 'out', dy: 'in', ids: 'in', rows: 'i32', columns: 'i32', vocabulary: 'i32', blockColumns: 'i32' },
  },
  stepMask: { module: 'step-mask', args: { mask: 'out', x: 'in', ...columnRows, value: 'f32' } },
  keepSteps: { module: 'step-mask', args: { y: 'out', x: 'in', mask: 'in', ...columnRows } },
  padImage: {
    module: 'pad',
    args: { y: 'out', x: 'in', inH: 'i32', inW: 'i32', outH: 'i32', outW: 'i32', channels: 'i32', top: 'i32', left: 'i32' },
  },
  combine: {
    module: 'combine', args: { out: 'out', a: 'in', b: 'in', size: 'i32', period: 'i32', blockSize: 'i32', kind: 'i32' },
  },
  sumOfSquares: { module: 'reduce', args: { partials: 'out', x: 'in', ...elements } },
  clipByGlobalNorm: { module: 'reduce', args: { state: 'inout', partials: 'in', count: 'i32', maxNorm: 'f32' } },
  accumulateMetrics: {
    module: 'loss/weights',
    args: { state: 'inout', rowLoss: 'in', rowCorrect: 'in?', rowScale: 'in?', mask: 'in?', rows: 'i32', steps: 'i32' },
  },
  sgd: { module: 'optimizer/sgd', args: { w: 'inout', g: 'in', velocity: 'inout?', ...rule, momentum: 'f32', nesterov: 'i32' } },
  adam: { module: 'optimizer/adam', args: { w: 'inout', g: 'in', m: 'inout', v: 'inout', ...rule, gain1: 'f32', gain2: 'f32', epsilon: 'f32' } },
  rmsprop: {
    module: 'optimizer/rmsprop',
    args: { w: 'inout', g: 'in', v: 'inout', mean: 'inout?', b: 'inout?', ...rule, rho: 'f32', momentum: 'f32', epsilon: 'f32' },
  },
  adagrad: { module: 'optimizer/adagrad', args: { w: 'inout', g: 'in', a: 'inout', ...rule, epsilon: 'f32' } },
  lion: { module: 'optimizer/lion', args: { w: 'inout', g: 'in', m: 'inout', ...rule, beta1: 'f32', beta2: 'f32' } },
  averageGradients: { module: 'optimizer/gradients', args: { g: 'inout', sum: 'in', state: 'in', ...elements, share: 'f32' } },
  keepGradients: { module: 'optimizer/gradients', args: { sum: 'inout', g: 'in', state: 'in', ...elements } },
  clipByNorm: { module: 'optimizer/gradients', args: { g: 'inout', partials: 'in', state: 'in', ...elements, count: 'i32', maxNorm: 'f32' } },
  regularize: { module: 'optimizer/gradients', args: { g: 'inout?', partials: 'out', w: 'in', ...elements, l1: 'f32', l2: 'f32' } },
  addPenalty: { module: 'optimizer/gradients', args: { state: 'inout', partials: 'in', count: 'i32' } },
} as const satisfies Record<string, OpDefinition>;

export type OpName = keyof typeof OPS;
export const OP_NAMES = Object.keys(OPS) as readonly OpName[];

/** Activation functions as kernels number them. */
export const Activation = {
  linear: 0, relu: 1, tanh: 2, sigmoid: 3, leakyRelu: 4, elu: 5, gelu: 6, geluTanh: 7, silu: 8, softplus: 9,
  hardSigmoid: 10, hardSigmoidTfjs: 11,
} as const;

/** Arithmetic of `combine` as kernels number it. */
export const Arithmetic = { add: 0, subtract: 1, multiply: 2, divide: 3 } as const;

/** What `randomAffine` takes for what lies outside of an image, as kernels number it. */
export const Fill = { constant: 0, nearest: 1, reflect: 2, wrap: 3 } as const;

/** Sizes that kernels and planner share. */
export const Kernel = {
  lanes: 4, // sequences side by side in a recurrent layer
  panel: 8, // columns of a packed panel
  rowTableBytes: 64, // scratch: addresses of a tile's rows
  edgeBytes: 192, // scratch: a tile that hangs over the edge
  windowBand: 16, // pooling windows that a fused convolution takes at a time
  windowTaps: 9, // taps of a tile of its filter's gradient
  imageWordsBytes: 32, // scratch: random words of an image
  randomGroup: 16, // elements that share one call of the generator
  transformBytes: 752, // scratch: constants of Winograd's transforms and what lies between their halves
  dotsBytes: 160, // scratch: the sums of a tile of lanesBackwardKernel
  dotsStepBytes: 80, // and a step of its rows, side by side
} as const;

/** Byte offsets in the state: the numbers that change from step to step. */
export const State = {
  step: 0, // u32, steps done before this one: the counter of dropout
  learningRate: 4, // f32, bias corrections included
  gradientScale: 8, // f32, 1 unless clipping by norm lowers it
  overflow: 12, // i32, 1 where the gradients are not finite, or so large that the update would not be
  weightDecay: 16, // f32, rate times the share of themselves that weights lose
  averageGain: 20, // f32, how far the weights' moving average goes towards them
  held: 24, // i32, 1 in a step whose gradients are only kept
  batchLoss: 32, // f64, mean loss of the last batch
  batchCorrect: 40, // f64
  gradientNorm: 48, // f64, of the last step's gradients before clipping
  batchWeight: 56, // f64, samples of the last batch, those that a mask leaves out not counted
} as const;
export const STATE_BYTES = 64;

/** Words before an op's arguments in the plan. */
export const OpHeader = { opcode: 0, blocks: 4, counter: 8, bytes: 12 } as const;
export const OP_HEADER_BYTES = 16;

/** The first words of a plan. */
export const PlanHeader = { ops: 0, scratch: 4, scratchBytes: 8 } as const;
export const PLAN_HEADER_BYTES = 16;

/** Fixed addresses through which threads meet; each on a cache line of its own. Buffers begin at `end`. */
export const Control = {
  job: 64, // i32, number of the last job given out
  plan: 68, // address of its plan; 0 asks the workers to return
  arrived: 128, // i32, threads waiting at the barrier
  barrier: 192, // i32, barriers passed
  failed: 256, // i32, set by a thread that cannot go on
  op: 320, // i32, number of the op that thread 0 is at
  patience: 324, // i32, tenths of a second to wait for a thread that lives but does not come
  sleepless: 328, // i32, 1 where thread 0 must not sleep: it is the main thread of a page
  end: 512,
} as const;
