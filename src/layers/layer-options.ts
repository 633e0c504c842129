import type { Initializer } from '../initializers.js';

/** What every layer takes. */
export interface LayerOptions {
  /** Default: the layer's type and number, such as `conv2d_1`. */
  name?: string;
  /** Shape of one sample, without the batch. Needed for the first layer of a model, and only there. */
  inputShape?: readonly number[];
  /** Whether training changes the layer's weights; can be set later too, until the model is compiled. Default true. */
  trainable?: boolean;
}

/** Options of layers with a kernel and a bias. */
export interface InitializerOptions {
  /** What the kernel begins with: a name, or with numbers of its own, such as `initializers.truncatedNormal({ stddev: 0.02 })`. Default `glorotUniform`. */
  kernelInitializer?: Initializer;
  /** Default `zeros`. */
  biasInitializer?: Initializer;
}
