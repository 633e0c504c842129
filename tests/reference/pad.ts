import { requireShape, type Values } from './values.js';

export interface PadOptions {
  batch: number; // N
  height: number; // H
  width: number; // W
  channels: number; // C
  outHeight: number;
  outWidth: number;
  /** Rows and columns by which the image is moved; negative ones cut it off. */
  top: number;
  left: number;
  x: Values; // [N, H, W, C]
}

/** An image in a frame of another size, [N, outHeight, outWidth, C]: zeros where it does not reach, and what reaches over the frame is lost. */
export function padImage({ batch, height, width, channels, outHeight, outWidth, top, left, x }: PadOptions): Float64Array {
  requireShape('x', x, [batch, height, width, channels]);
  const y = new Float64Array(batch * outHeight * outWidth * channels);
  for (let n = 0; n < batch; n++) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++) {
        const [row, column] = [h + top, w + left];
        if (row < 0 || row >= outHeight || column < 0 || column >= outWidth) continue;
        for (let c = 0; c < channels; c++) y[((n * outHeight + row) * outWidth + column) * channels + c] = x[((n * height + h) * width + w) * channels + c]!;
      }
    }
  }
  return y;
}
