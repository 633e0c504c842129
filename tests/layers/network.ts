/** A small network of twins: the library's model and its double-precision counterpart. */
import { sequential, sgd } from '../../src/entry.node.js';
import type { LossName, Sequential } from '../../src/entry.node.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { map, meanSquaredError, randomArray, softmaxCrossEntropy, type Values } from '../reference/index.js';
import type { Pass, Twin } from './twins.js';

export interface NetworkOptions {
  twins: readonly Twin[];
  batch: number;
  loss: LossName;
  seed?: number;
  threads?: number;
}

interface Run {
  loss: number;
  output: Float64Array;
  passes: Pass[];
  /** Gradient of the loss with respect to the output. */
  dOutput: Float64Array;
}

export class Network {
  readonly model: Sequential;
  /** [batch, …inputShape], uniform in ±1. */
  readonly x: Float64Array;
  /** Class numbers, or [batch, …outputShape]. */
  readonly y: Float64Array;
  readonly seed: number;

  constructor(readonly options: NetworkOptions) {
    const { twins, batch, seed = 3 } = options;
    this.seed = seed;
    this.model = sequential(twins.map(({ layer }) => layer), { seed });
    this.x = randomArray(batch * sizeOf(this.model.inputShape), 21);
    const classes = this.model.outputShape[0]!;
    this.y = this.classifies
      ? Float64Array.from({ length: batch }, (_, row) => (row * 3 + 1) % classes)
      : randomArray(batch * sizeOf(this.model.outputShape), 22);
    // biases too are drawn at random, since zero ones would hide mistakes
    this.model.setWeights(this.model.getWeights().map(({ data }, i) => randomArray(data.length, 100 + i, -0.6, 0.6)));
  }

  private get classifies(): boolean {
    return this.options.loss === 'sparseCategoricalCrossentropy';
  }

  get tensors(): { x: { data: Float32Array; shape: number[] }; y: { data: Float32Array; shape: number[] } } {
    const { batch } = this.options;
    return {
      x: { data: Float32Array.from(this.x), shape: [batch, ...this.model.inputShape] },
      y: { data: Float32Array.from(this.y), shape: this.classifies ? [batch] : [batch, ...this.model.outputShape] },
    };
  }

  /** All weights, one after the other. */
  get weights(): Float64Array {
    return Float64Array.from(this.model.getWeights().flatMap(({ data }) => [...data]));
  }

  /** With rate 1 the weights move by their gradient. */
  async compile(): Promise<void> {
    await this.model.compile({
      optimizer: sgd({ learningRate: 1 }), loss: this.options.loss, metrics: this.classifies ? ['accuracy'] : [], threads: this.options.threads ?? 1,
    });
  }

  /** The double-precision pass forward and its loss. */
  run(weights: Values, { training, step = 0 }: { training: boolean; step?: number }): Run {
    const { twins, batch } = this.options;
    const passes: Pass[] = [];
    let values = this.x;
    let layout: 'rows' | 'lanes' = 'rows';
    this.splitByLayer(weights).forEach((own, stream) => {
      const pass = twins[stream]!.run(values, own, { batch, training, seed: this.seed, stream, step, layout });
      passes.push(pass);
      values = pass.y;
      layout = pass.layout ?? 'rows';
    });
    return { passes, output: values, ...this.lossOf(values) };
  }

  /** Gradients of all weights, one after the other. */
  gradient(weights: Values, step = 0): Float64Array {
    const { passes, dOutput } = this.run(weights, { training: true, step });
    let dy = dOutput;
    const gradients: Float64Array[] = [];
    for (const pass of [...passes].reverse()) {
      const { dx, dWeights } = pass.backward(dy);
      gradients.unshift(...dWeights);
      dy = dx;
    }
    return Float64Array.from(gradients.flatMap((gradient) => [...gradient]));
  }

  private lossOf(output: Float64Array): { loss: number; dOutput: Float64Array } {
    const { batch } = this.options;
    const columns = output.length / batch;
    if (!this.classifies) {
      const { loss, dPredictions } = meanSquaredError({ predictions: output, targets: this.y, rows: batch, columns });
      return { loss, dOutput: dPredictions };
    }
    // of logits; or, if a softmax ends the model, of the logarithms of its probabilities, which are logits of the same probabilities
    const endsInSoftmax = this.options.twins.at(-1)!.layer.describe().endsWith('softmax');
    const logits = endsInSoftmax ? map(output, Math.log) : output;
    const { loss, dLogits } = softmaxCrossEntropy({ logits, labels: this.y, rows: batch, classes: columns });
    return { loss, dOutput: endsInSoftmax ? map(dLogits, (value, i) => value / output[i]!) : dLogits };
  }

  private splitByLayer(weights: Values): Float64Array[][] {
    const all = Float64Array.from(weights);
    let start = 0;
    return this.options.twins.map(({ layer }) => layer.weights.map(({ shape }) => all.slice(start, (start += sizeOf(shape)))));
  }

  /**
   * The longest chain of float32 roundings between an input and a gradient, from above: what every layer sums, forward, backward and over
   * the batch. A recurrent layer does so at each step.
   */
  get roundings(): number {
    const { twins, batch } = this.options;
    return twins.reduce((total, { layer }) => {
      const kernel = layer.weights[0];
      if (!kernel) return total + 20;
      const units = kernel.shape.at(-1)!;
      const fanIn = sizeOf(kernel.shape) / units;
      const steps = ['simpleRNN', 'lstm', 'gru'].includes(layer.type) ? layer.input[0]! : 1;
      return total + (batch * sizeOf(layer.output)) / units + steps * (2 * (fanIn + units) + 20);
    }, 40);
  }
}
