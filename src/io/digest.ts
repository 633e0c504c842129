import { sha256 } from '../sha256.js';
import type { Tensor } from '../tensor/tensor.js';

const CANONICAL_NAN = 0x7fc00000;

/**
 * SHA-256, in hexadecimal, over the values of all weights in order, as little-endian bytes and nothing between. Which bits a NaN has is up to
 * the engine, so all count as one.
 */
export async function weightsSha256(weights: readonly Tensor<Float32Array>[]): Promise<string> {
  const values = new Float32Array(weights.reduce((sum, { data }) => sum + data.length, 0));
  let at = 0;
  for (const { data } of weights) {
    values.set(data, at);
    at += data.length;
  }
  const bits = new DataView(values.buffer);
  values.forEach((value, index) => {
    if (Number.isNaN(value)) bits.setUint32(4 * index, CANONICAL_NAN, true);
  });
  return sha256(values);
}
