/**
 * What the fast kernels are compared with: the same work without SIMD, in the API's layouts, written twice, in WebAssembly (assembly/scalar)
 * and in JavaScript. A buffer is an address in the one and a typed array in the other.
 */
export interface PlainKernels<Buffer> {
  /** c = op(a) · op(b) */
  gemm(c: Buffer, a: Buffer, b: Buffer, m: number, n: number, k: number, transposeA: number, transposeB: number): void;
  conv2dForward(y: Buffer, x: Buffer, kernel: Buffer, ...geometry: ConvGeometry): void;
  conv2dBackwardInput(dx: Buffer, dy: Buffer, kernel: Buffer, ...geometry: ConvGeometry): void;
  conv2dBackwardFilter(dKernel: Buffer, x: Buffer, dy: Buffer, ...geometry: ConvGeometry): void;
  maxPoolForward(y: Buffer, argmax: Buffer, x: Buffer, ...geometry: PoolGeometry): void;
  maxPoolBackward(dx: Buffer, dy: Buffer, argmax: Buffer, ...geometry: PoolGeometry): void;
  /** kind: a number of `Activation` but `linear`. */
  activationForward(y: Buffer, x: Buffer, size: number, kind: number): void;
  activationBackward(dx: Buffer, dy: Buffer, y: Buffer, size: number, kind: number): void;
  softmaxForward(y: Buffer, x: Buffer, rows: number, columns: number): void;
  /** h: [batch, time, units] from x: [batch, time, features] */
  simpleRnnForward(
    h: Buffer, x: Buffer, kernel: Buffer, recurrentKernel: Buffer, bias: Buffer, batch: number, time: number, features: number, units: number,
  ): void;
  /** d: scratch like h */
  simpleRnnBackward(
    dx: Buffer, dKernel: Buffer, dRecurrentKernel: Buffer, dBias: Buffer, d: Buffer, dh: Buffer, h: Buffer, x: Buffer, kernel: Buffer,
    recurrentKernel: Buffer, batch: number, time: number, features: number, units: number,
  ): void;
  adam(w: Buffer, g: Buffer, m: Buffer, v: Buffer, size: number, rate: number, gain1: number, gain2: number, epsilon: number): void;
}

/** Valid padding. */
export type ConvGeometry = [
  batch: number, inH: number, inW: number, inC: number, outH: number, outW: number, outC: number, kernelH: number, kernelW: number,
  strideH: number, strideW: number,
];
export type PoolGeometry = [
  batch: number, inH: number, inW: number, channels: number, outH: number, outW: number, poolH: number, poolW: number, strideH: number,
  strideW: number,
];

/** Kernels with memory to work in. */
export interface PlainBackend<Buffer> {
  readonly name: 'scalar' | 'JavaScript';
  readonly kernels: PlainKernels<Buffer>;
  /** A new buffer of floats with these values, or of zeros. */
  readonly floats: (values: Float32Array | number) => Buffer;
  /** A new buffer of 32-bit integers. */
  readonly integers: (length: number) => Buffer;
  /** What a buffer of floats holds. */
  readonly read: (buffer: Buffer, length: number) => Float32Array;
}
