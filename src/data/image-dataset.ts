import type { Tensor } from '../tensor/tensor.js';

export interface LabelledImages {
  /** [N, 28, 28, 1], 0 … 255 */
  readonly images: Tensor<Uint8Array>;
  /** [N], 0 … 9 */
  readonly labels: Tensor<Uint8Array>;
}

/** A training and a test set of 28×28 garments, the real ones or the stand-in. */
export interface ImageDataset {
  /** Where it came from, in words for people. */
  readonly source: string;
  /** True for the stand-in, which is drawn and not photographed. */
  readonly synthetic: boolean;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

export const IMAGE_SIZE = 28;

/** The names that belong to labels 0 … 9. */
export const GARMENT_NAMES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
] as const;
