/**
 * The op table: every kernel the plan can call, with its arguments in the order of the AssemblyScript function of the same name.
 * This is the one source of truth of the binary interface; `scripts/generate-ops.ts` writes assembly/plan/dispatch.ts from it, and a test
 * fails if the two differ.
 *
 * Kinds of argument: `out`, `in`, `inout` are addresses of buffers (so the planner knows who writes and who reads), with `?` where address 0
 * is allowed; `i32` and `f32` are numbers.
 */
export type ArgumentKind = 'out' | 'in' | 'inout' | 'out?' | 'in?' | 'inout?' | 'i32' | 'f32';
type Arguments = Readonly<Record<string, ArgumentKind>>;

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
    c: 'out', a: 'in', b: 'in', bias: 'in?', m: 'i32', n: 'i32', k: 'i32', lda: 'i32', ldb: 'i32', ldc: 'i32',
    transposeA: 'i32', transposeB: 'i32', blockM: 'i32', blockN: 'i32', blockK: 'i32', packA: 'i32', relu: 'i32',
  },
  sparseGemm: {
    c: 'out', a: 'in', b: 'in', bias: 'in?', m: 'i32', n: 'i32', k: 'i32', transposeA: 'i32', blockM: 'i32', blockN: 'i32', relu: 'i32',
  },
  sampledGemm: { c: 'out', a: 'in', b: 'in', x: 'in', m: 'i32', n: 'i32', k: 'i32' },
  packPanels: { panels: 'out', b: 'in', k: 'i32', n: 'i32', strideK: 'i32', strideN: 'i32', matrixStride: 'i32' },
  conv2dForward: { y: 'out', x: 'in', filterPanels: 'in', bias: 'in?', ...convolution, relu: 'i32' },
  conv2dBackwardInput: { dx: 'out', dy: 'in', filterPanels: 'in', ...convolution },
  conv2dBackwardFilter: { partials: 'out', x: 'in', dy: 'in', ...convolution },
  depthwiseForward: { y: 'out', x: 'in', filter: 'in', bias: 'in?', ...depthwise },
  depthwiseBackwardInput: { dx: 'out', dy: 'in', filter: 'in', ...depthwise },
  depthwiseBackwardFilter: { partials: 'out', x: 'in', dy: 'in', ...depthwise },
  winogradFilter: { panels: 'out', filter: 'in', inC: 'i32', outC: 'i32', transposed: 'i32' },
  winogradForward: { y: 'out', v: 'out?', x: 'in', panels: 'in', bias: 'in?', ...winogradImages, relu: 'i32' },
  winogradBackwardInput: { dx: 'out?', m: 'out', sums: 'out', dy: 'in', y: 'in?', panels: 'in?', ...winogradImages },
  winogradBackwardFilter: {
    u: 'out', v: 'in', m: 'in', batch: 'i32', outH: 'i32', outW: 'i32', inC: 'i32', outC: 'i32', blockImages: 'i32', chunk: 'i32',
  },
  winogradFilterGradient: { gradient: 'out', u: 'in', inC: 'i32', outC: 'i32' },
  conv2dMaxPoolForward: { y: 'out', winners: 'out?', x: 'in', filterPanels: 'in', bias: 'in?', ...images, winograd: 'i32', relu: 'i32' },
  conv2dMaxPoolBackwardInput: { dx: 'out', dy: 'in', winners: 'in', filterPanels: 'in', ...images },
  conv2dMaxPoolBackwardFilter: { partials: 'out', x: 'in', dy: 'in', winners: 'in', ...images },
  maxPoolForward: { y: 'out', argmax: 'out?', x: 'in', ...windows },
  maxPoolBackward: { dx: 'out', dy: 'in', argmax: 'in', ...windows },
  averagePoolForward: { y: 'out', x: 'in', mask: 'in?', ...windows },
  averagePoolBackward: { dx: 'out', dy: 'in', mask: 'in?', ...windows },
  activationForward: { y: 'out', x: 'in', ...elements, kind: 'i32', alpha: 'f32' },
  activationBackward: { dx: 'out', dy: 'in', z: 'in', ...elements, kind: 'i32', alpha: 'f32' },
  affine: { y: 'out', x: 'in', ...elements, scale: 'f32', offset: 'f32' },
  softmaxForward: { y: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  softmaxBackward: { dx: 'out', dy: 'in', y: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  layerNormForward: { y: 'out', statistics: 'out', x: 'in', gamma: 'in?', beta: 'in?', ...columnRows, epsilon: 'f32' },
  layerNormBackwardInput: { dx: 'out', dy: 'in', x: 'in', statistics: 'in', gamma: 'in?', ...columnRows },
  layerNormBackwardGamma: { partials: 'out', dy: 'in', x: 'in', statistics: 'in', ...columnRows },
  softmaxCrossEntropy: { dLogits: 'out?', ...losses, logits: 'in', labels: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32', labelSmoothing: 'f32' },
  categoricalCrossEntropy: {
    dLogits: 'out?', ...losses, logits: 'in', targets: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32', labelSmoothing: 'f32',
  },
  probabilityCrossEntropy: {
    dOutput: 'out?', ...losses, p: 'in', targets: 'in', rowScale: 'in?', ...classRows, gradientScale: 'f32', labelSmoothing: 'f32', sparse: 'i32',
  },
  binaryCrossEntropy: {
    dOutput: 'out?', ...losses, output: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32', labelSmoothing: 'f32',
    probabilities: 'i32',
  },
  meanSquaredError: { dPredictions: 'out?', rowLoss: 'out', predictions: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32' },
  huber: {
    dPredictions: 'out?', rowLoss: 'out', predictions: 'in', targets: 'in', rowScale: 'in?', ...columnRows, gradientScale: 'f32', delta: 'f32',
    absolute: 'i32',
  },
  lossWeights: { rowScale: 'out', state: 'inout', weights: 'in?', mask: 'in?', rows: 'i32', steps: 'i32' },
  dropout: { y: 'out', kept: 'out?', x: 'in', state: 'in', ...elements, ...randomMask },
  dropoutBackward: { dx: 'out', dy: 'in', kept: 'in', ...elements, scale: 'f32' },
  dropoutSteps: { y: 'out', x: 'in', state: 'in', time: 'i32', features: 'i32', ...randomMask },
  dropoutStepsMask: { mask: 'out', state: 'in', features: 'i32', ...randomMask },
  randomFlip: { y: 'out', x: 'in', ...picture, horizontal: 'i32', vertical: 'i32', ...key },
  randomAffine: { y: 'out', x: 'in', ...picture, fill: 'i32', fillValue: 'f32', ...motion, ...key },
  randomAffineBackward: { dx: 'out', dy: 'in', ...picture, fill: 'i32', ...motion, ...key },
  randomErasing: { y: 'out', x: 'in', ...picture, chance: 'f32', scaleLow: 'f32', scaleHigh: 'f32', fillValue: 'f32', ...key },
  toLanes: { lanes: 'out', rows: 'in', batch: 'i32', time: 'i32', features: 'i32', first: 'i32', count: 'i32' },
  fromLanes: { rows: 'out', lanes: 'in', batch: 'i32', time: 'i32', features: 'i32', first: 'i32', count: 'i32' },
  lanesForward: { y: 'out', x: 'in', w: 'in', bias: 'in?', groups: 'i32', time: 'i32', features: 'i32', units: 'i32', blockSteps: 'i32' },
  lanesBackwardKernel: {
    partials: 'out', x: 'in', dy: 'in', time: 'i32', features: 'i32', units: 'i32', shift: 'i32', withBias: 'i32', blockSteps: 'i32',
  },
  simpleRnnForward: { h: 'inout', w: 'in', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32', kind: 'i32' },
  simpleRnnBackward: {
    d: 'out', dy: 'in', h: 'in', wTransposed: 'in', mask: 'in?', drop: 'in?', groups: 'i32', time: 'i32', units: 'i32', kind: 'i32',
  },
  lstmForward: {
    h: 'out', c: 'out', gates: 'inout', w: 'in', h0: 'in?', c0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32', kind: 'i32',
    recurrentKind: 'i32',
  },
  lstmBackward: {
    dz: 'out', dy: 'in', gates: 'in', c: 'in', wTransposed: 'in', c0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32',
    kind: 'i32', recurrentKind: 'i32',
  },
  gruForward: {
    h: 'out', gates: 'inout', inner: 'out', w: 'in', bias: 'in?', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32', time: 'i32', units: 'i32',
    kind: 'i32', recurrentKind: 'i32', resetAfter: 'i32',
  },
  gruBackward: {
    d: 'out', dInner: 'out?', dy: 'in', h: 'in', gates: 'in', inner: 'in', wTransposed: 'in', h0: 'in?', mask: 'in?', drop: 'in?', batch: 'i32',
    time: 'i32', units: 'i32', kind: 'i32', recurrentKind: 'i32', resetAfter: 'i32',
  },
  previousSteps: { y: 'out', x: 'in', x0: 'in?', factors: 'in?', time: 'i32', features: 'i32' },
  keepState: { kept: 'inout', steps: 'in', state: 'in', time: 'i32', features: 'i32', training: 'i32' },
  reverseSteps: { y: 'out', x: 'in', time: 'i32', features: 'i32' },
  transpose: { out: 'out', x: 'in', rows: 'i32', columns: 'i32' },
  reducePartials: { out: 'out', partials: 'in', size: 'i32', count: 'i32', stride: 'i32', blockSize: 'i32' },
  columnSums: { partials: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  columnMoments: { partials: 'out', x: 'in', rows: 'i32', columns: 'i32', blockRows: 'i32' },
  columnGradients: { partials: 'out', dy: 'in', x: 'in', moments: 'in', gamma: 'in?', beta: 'in?', ...columnRows, relu: 'i32' },
  batchMoments: { moments: 'out', partials: 'in', rows: 'i32', columns: 'i32', count: 'i32', epsilon: 'f32' },
  keptMoments: { moments: 'out', mean: 'in', variance: 'in', columns: 'i32', epsilon: 'f32' },
  movingAverage: { w: 'inout', value: 'in', state: 'in', size: 'i32', momentum: 'f32' },
  batchNormForward: { y: 'out', x: 'in', moments: 'in', gamma: 'in?', beta: 'in?', ...columnRows, relu: 'i32' },
  batchNormSums: { dGamma: 'out?', dBeta: 'out?', means: 'out', partials: 'in', rows: 'i32', columns: 'i32', count: 'i32' },
  batchNormBackward: { dx: 'out', dy: 'in', x: 'in', moments: 'in', gamma: 'in?', beta: 'in?', means: 'in?', ...columnRows, relu: 'i32' },
  copyRows: { to: 'inout', from: 'in', rows: 'i32', columns: 'i32', toStride: 'i32', fromStride: 'i32', blockRows: 'i32' },
  embeddingForward: { y: 'out', ids: 'in', w: 'in', rows: 'i32', columns: 'i32', vocabulary: 'i32', blockRows: 'i32' },
  embeddingBackward: { dw: 'out', dy: 'in', ids: 'in', rows: 'i32', columns: 'i32', vocabulary: 'i32', blockColumns: 'i32' },
  stepMask: { mask: 'out', x: 'in', ...columnRows, value: 'f32' },
  keepSteps: { y: 'out', x: 'in', mask: 'in', ...columnRows },
  padImage: { y: 'out', x: 'in', inH: 'i32', inW: 'i32', outH: 'i32', outW: 'i32', channels: 'i32', top: 'i32', left: 'i32' },
  combine: { out: 'out', a: 'in', b: 'in', size: 'i32', period: 'i32', blockSize: 'i32', kind: 'i32' },
  sumOfSquares: { partials: 'out', x: 'in', ...elements },
  clipByGlobalNorm: { state: 'inout', partials: 'in', count: 'i32', maxNorm: 'f32' },
  accumulateMetrics: { state: 'inout', rowLoss: 'in', rowCorrect: 'in?', rowScale: 'in?', mask: 'in?', rows: 'i32', steps: 'i32' },
  sgd: { w: 'inout', g: 'in', velocity: 'inout?', ...rule, momentum: 'f32', nesterov: 'i32' },
  adam: { w: 'inout', g: 'in', m: 'inout', v: 'inout', ...rule, gain1: 'f32', gain2: 'f32', epsilon: 'f32' },
  rmsprop: { w: 'inout', g: 'in', v: 'inout', mean: 'inout?', b: 'inout?', ...rule, rho: 'f32', momentum: 'f32', epsilon: 'f32' },
  adagrad: { w: 'inout', g: 'in', a: 'inout', ...rule, epsilon: 'f32' },
  lion: { w: 'inout', g: 'in', m: 'inout', ...rule, beta1: 'f32', beta2: 'f32' },
  muonMomentum: { g: 'inout', m: 'inout', state: 'in', ...elements, clipvalue: 'f32', momentum: 'f32', nesterov: 'i32' },
  newtonSchulzStart: { a: 'out', q: 'out', gram: 'in', n: 'i32' },
  newtonSchulzPolynomial: { p: 'inout', a: 'in', n: 'i32', c0: 'f32', c1: 'f32', c2: 'f32' },
  muonUpdate: { w: 'inout', o: 'in', average: 'inout?', state: 'in', ...elements, scale: 'f32' },
  averageGradients: { g: 'inout', sum: 'in', state: 'in', ...elements, share: 'f32' },
  keepGradients: { sum: 'inout', g: 'in', state: 'in', ...elements },
  clipByNorm: { g: 'inout', partials: 'in', state: 'in', ...elements, count: 'i32', maxNorm: 'f32' },
  regularize: { g: 'inout?', partials: 'out', w: 'in', ...elements, l1: 'f32', l2: 'f32' },
  addPenalty: { state: 'inout', partials: 'in', count: 'i32' },
} as const satisfies Record<string, Arguments>;

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
  mostRows: 6, // rows of a register tile in the relaxed build; five in the strict one
  rowsAlone: 2, // rows of a matrix product, at most, that are taken one by one …
  rowPanels: 4, // … in tiles of so many panels' columns
  sparseColumns: 32, // columns of a tile of a product that leaves zeros out …
  sparseDepth: 128, // … and terms of its sums that are taken at a time; columns of a block of one that is sampled
  rowTableBytes: 64, // scratch: addresses of a tile's rows
  edgeBytes: 192, // scratch: a tile that hangs over the edge
  windowBand: 16, // pooling windows that a fused convolution takes at a time
  windowTaps: 9, // taps of a tile of its filter's gradient
  randomBytes: 64, // scratch: what the generator gives at a time
  randomGroup: 16, // elements of a dropout that eight of its words are for
  chunkBytes: 32, // the table of a chunk of Winograd's tiles
  tileBytes: 32, // where one of these tiles lies: six numbers, and a distance that keeps vectors behind them aligned
  winogradDepth: 128, // tiles that the gradient of a transformed filter sums at a time, at least
  transformBytes: 800, // scratch: constants of Winograd's transforms, what lies between their halves, the table of a chunk, what to fetch ahead
  dotsBytes: 160, // scratch: the sums of a tile of lanesBackwardKernel
  dotsStepBytes: 80, // and a step of its rows, side by side
  dotsLarge: 32, // columns from which on they are packed too
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
  plainRate: 28, // f32, the learning rate without corrections
  batchLoss: 32, // f64, mean loss of the last batch
  batchCorrect: 40, // f64
  gradientNorm: 48, // f64, of the last step's gradients before clipping
  batchWeight: 56, // f64, samples of the last batch, those that a mask leaves out not counted
} as const;
export const STATE_BYTES = 64;

/** Words before an op's arguments in the plan. */
export const OpHeader = {
  opcode: 0,
  blocks: 4,
  counter: 8, // shares given out
  bytes: 12, // from this row to the next
  share: 16, // blocks that are given out together
  chain: 20, // ops from here on whose shares of one number are run one after the other, without a barrier between them
} as const;
export const OP_HEADER_BYTES = 24;

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
