/** Zero rows above and below and zero columns left and right of an image. */
export interface Pads {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export type Padding = 'valid' | 'same' | Pads;

/** A window that slides over an image, as convolution and pooling use it. */
export interface WindowOptions {
  height: number;
  width: number;
  kernelSize: readonly [number, number]; // [kh, kw]
  strides?: readonly [number, number]; // [sh, sw], default [1, 1]
  padding?: Padding; // default 'valid'
  dilations?: readonly [number, number]; // [dh, dw], default [1, 1]
}

/**
 * Output position `output` reads input position `input` through window position `kernel`.
 * Each is row·width + column in its own plane.
 */
export interface Connection {
  output: number;
  input: number;
  kernel: number;
}

export interface ConvGeometry {
  outputHeight: number;
  outputWidth: number;
  pads: Pads;
  /** Ordered by output, then by kernel; a window position over padding has none. */
  connections: Connection[];
}

/** The output size, the pads and who reads whom: made once, shared by the forward and both backward passes. */
export function convGeometry({ height, width, kernelSize, strides = [1, 1], padding = 'valid', dilations = [1, 1] }: WindowOptions): ConvGeometry {
  const [kernelHeight, kernelWidth] = kernelSize;
  const [strideHeight, strideWidth] = strides;
  const [dilationHeight, dilationWidth] = dilations;
  const reachHeight = (kernelHeight - 1) * dilationHeight + 1;
  const reachWidth = (kernelWidth - 1) * dilationWidth + 1;
  const [top, bottom] = padsOf(padding, height, reachHeight, strideHeight, ['top', 'bottom']);
  const [left, right] = padsOf(padding, width, reachWidth, strideWidth, ['left', 'right']);
  const outputHeight = outputSize(height + top + bottom, reachHeight, strideHeight);
  const outputWidth = outputSize(width + left + right, reachWidth, strideWidth);

  const connections: Connection[] = [];
  for (let outputRow = 0; outputRow < outputHeight; outputRow++) {
    for (let outputColumn = 0; outputColumn < outputWidth; outputColumn++) {
      for (let kernelRow = 0; kernelRow < kernelHeight; kernelRow++) {
        for (let kernelColumn = 0; kernelColumn < kernelWidth; kernelColumn++) {
          const row = outputRow * strideHeight + kernelRow * dilationHeight - top;
          const column = outputColumn * strideWidth + kernelColumn * dilationWidth - left;
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          connections.push({
            output: outputRow * outputWidth + outputColumn,
            input: row * width + column,
            kernel: kernelRow * kernelWidth + kernelColumn,
          });
        }
      }
    }
  }
  return { outputHeight, outputWidth, pads: { top, bottom, left, right }, connections };
}

type Side = keyof Pads;

/** Pads before and after along one axis. 'same' as in TensorFlow and Keras: the odd one goes after. */
function padsOf(padding: Padding, input: number, kernel: number, stride: number, sides: [Side, Side]): [number, number] {
  if (padding === 'valid') return [0, 0];
  if (padding !== 'same') return [padding[sides[0]], padding[sides[1]]];
  const output = Math.ceil(input / stride);
  const total = Math.max((output - 1) * stride + kernel - input, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

function outputSize(paddedInput: number, kernel: number, stride: number): number {
  if (!(kernel >= 1 && stride >= 1)) throw new RangeError(`a window of ${kernel} with stride ${stride}`);
  if (kernel > paddedInput) throw new RangeError(`a window of ${kernel} does not fit ${paddedInput} padded inputs`);
  return Math.floor((paddedInput - kernel) / stride) + 1;
}
