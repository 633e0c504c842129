/** A small network of twins: the library's model and its double-precision counterpart. */
import { sequential, sgd } from '../../src/entry.node.js';
import type { InputSpec, Loss, LossName, Sequential } from '../../src/entry.node.js';
import { TimeDistributed } from '../../src/layers/recurrent/time-distributed.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { requireLoss } from '../../src/losses.js';
import {
  absoluteError, binaryCrossEntropy, categoricalCrossEntropy, huberLoss, map, meanSquaredError, probabilityCrossEntropy, randomArray, type RowLosses, sum, type Values,
} from '../reference/index.js';
import type { Pass, Twin } from './twins.js';

export interface NetworkOptions {
  twins: readonly Twin[];
  batch: number;
  loss: LossName | Loss;
  /** Whether the output is probabilities, for the losses that want these. Default: whether the last layer ends in softmax or sigmoid. */
  probabilities?: boolean;
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
    this.x = this.inputs(randomArray(batch * sizeOf(this.model.inputShape), 21));
    const classes = this.model.outputShape.at(-1)!;
    const outputs = batch * sizeOf(this.model.outputShape);
    this.y = this.sparse
      ? Float64Array.from({ length: outputs / classes }, (_, row) => (row * 3 + 1) % classes)
      : randomArray(outputs, 22, this.classifies ? 0 : -1);
    // biases too are drawn at random, since zero ones would hide mistakes
    this.model.setWeights(this.model.weightSpecs.map(({ name, shape }, i) =>
      name.endsWith('movingVariance') ? randomArray(sizeOf(shape), 100 + i, 0.5, 2) : randomArray(sizeOf(shape), 100 + i, -0.6, 0.6)));
  }

  /** Values in ±1; whole numbers where an embedding reads them, and some steps of one value where a mask looks for it. */
  private inputs(values: Float64Array): Float64Array {
    const [{ indices }] = this.model.inputSpecs as [InputSpec];
    const { type, options } = this.options.twins[0]!.layer;
    const { maskValue = 0 } = options as { maskValue?: number };
    if (type === 'masking') return map(values, (value, i) => (Math.floor(i / this.model.inputShape[1]!) % 3 === 1 ? maskValue : value));
    return indices === undefined ? values : map(values, (value) => Math.floor(((value + 1) / 2) * indices));
  }

  private get loss(): Loss {
    return requireLoss(this.options.loss);
  }

  private get classifies(): boolean {
    return this.loss.counts !== undefined;
  }

  private get sparse(): boolean {
    return this.loss.name === 'sparseCategoricalCrossentropy';
  }

  get tensors(): { x: { data: Float32Array; shape: number[] }; y: { data: Float32Array; shape: number[] } } {
    const { batch } = this.options;
    return {
      x: { data: Float32Array.from(this.x), shape: [batch, ...this.model.inputShape] },
      y: { data: Float32Array.from(this.y), shape: [batch, ...this.model.outputShape.slice(0, this.sparse ? -1 : undefined)] },
    };
  }

  /** All weights, one after the other. */
  get weights(): Float64Array {
    return Float64Array.from(this.model.getWeights().flatMap(({ data }) => [...data]));
  }

  /** For each of them, whether it is trained. */
  get trained(): boolean[] {
    return this.options.twins.flatMap(({ layer }) => layer.weights.flatMap(({ shape, trainable = true }) => new Array<boolean>(sizeOf(shape)).fill(trainable)));
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

  /** The mean over all rows, those of the last axis. */
  private lossOf(output: Float64Array): { loss: number; dOutput: Float64Array } {
    const { rowLosses, gradient } = this.rowLosses(output);
    return { loss: sum(rowLosses) / rowLosses.length, dOutput: map(gradient, (value) => value / rowLosses.length) };
  }

  private rowLosses(output: Float64Array): RowLosses {
    const columns = this.model.outputShape.at(-1)!;
    const rows = output.length / columns;
    const last = this.options.twins.at(-1)!.layer.describe();
    const { probabilities = last.endsWith('softmax') || last.endsWith('sigmoid') } = this.options;
    const { config, name } = this.loss;
    const { labelSmoothing = 0, delta = 1 } = (typeof config === 'string' ? {} : config) as { labelSmoothing?: number; delta?: number };
    const targets = this.sparse ? Float64Array.from(output, (_, i) => Number(i % columns === this.y[Math.floor(i / columns)])) : this.y;
    const elements = { values: output, targets, rows, columns };
    switch (name) {
      case 'sparseCategoricalCrossentropy':
      case 'categoricalCrossentropy':
        return (probabilities ? probabilityCrossEntropy : categoricalCrossEntropy)({ values: output, targets, rows, classes: columns, labelSmoothing });
      case 'binaryCrossentropy':
        return binaryCrossEntropy({ ...elements, labelSmoothing, probabilities });
      case 'huber':
        return huberLoss({ ...elements, delta });
      case 'meanAbsoluteError':
        return absoluteError(elements);
      default: {
        const { rowLosses, dPredictions } = meanSquaredError({ predictions: output, targets, rows, columns });
        return { rowLosses, gradient: map(dPredictions, (value) => value * rows) };
      }
    }
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
    return twins.reduce((total, { layer: whole }) => {
      const layer = whole instanceof TimeDistributed ? whole.layer : whole;
      const kernel = layer.weights[0];
      if (!kernel) return total + 20;
      const units = kernel.shape.at(-1)!;
      const fanIn = sizeOf(kernel.shape) / units;
      const steps = ['simpleRNN', 'lstm', 'gru', 'bidirectional'].includes(layer.type) ? layer.input[0]! : 1;
      return total + (batch * sizeOf(whole.output)) / units + steps * (2 * (fanIn + units) + 20);
    }, 40);
  }
}
