/** Looks at a network while it trains: a copy of it is given the weights of the moment and shown test data and single pictures. */
import { modelFromJSON, sgd } from 'lanewise';
import type { Evaluation, Model, TensorInput } from 'lanewise';
import type { Forecast, Judgement, Mistake, Sight, Task } from '../protocol.js';
import type { Dataset } from './datasets.js';

interface LayerConfig {
  type: string;
  activation?: string;
}
interface ModelConfig {
  layers: LayerConfig[];
}

const CLASSES = 10;
const PIXELS = 28 * 28;
const MISTAKES = 15;

export class Observer {
  private constructor(
    private readonly task: Task,
    private readonly source: Model,
    private readonly copy: Model,
    /** The layers up to the first convolution. */
    private readonly eye: Model | undefined,
    private readonly givesLogits: boolean,
    private readonly test: Dataset['test'],
  ) {}

  static async create(task: Task, source: Model, test: Dataset['test'], threads: number): Promise<Observer> {
    const config = source.toJSON() as unknown as ModelConfig;
    const first = config.layers.findIndex(({ type }) => type === 'conv2d');
    const copy = modelFromJSON(config);
    const eye = first < 0 ? undefined : modelFromJSON({ ...config, layers: config.layers.slice(0, first + 1) });
    const loss = task === 'garments' ? 'sparseCategoricalCrossentropy' : 'meanSquaredError';
    await copy.compile({ optimizer: sgd(), loss, threads, metrics: task === 'garments' ? ['accuracy'] : [] });
    await eye?.compile({ optimizer: sgd(), loss: 'meanSquaredError', threads: 1 });
    return new Observer(task, source, copy, eye, config.layers.at(-1)?.activation !== 'softmax', test);
  }

  /** Takes over the weights of the network that trains. */
  refresh(): void {
    const weights = this.source.getWeights();
    this.copy.setWeights(weights);
    this.eye?.setWeights(weights.slice(0, this.eye.weightSpecs.length));
  }

  /** @param limit at most so many of the test rows */
  async judge(step: number, limit: number): Promise<Judgement> {
    const { x, y } = this.test;
    const all = x.shape[0]!;
    const rows = Math.min(all, limit);
    const { data } = await this.copy.predict(firstRows(x, rows), { batchSize: 128 });
    const seen = { step, rows, whole: rows === all };
    return this.task === 'garments' ? { ...seen, ...this.classified(this.toProbabilities(data), rows) } : { ...seen, loss: meanSquare(data, y.data) };
  }

  /** Mean loss (and accuracy) over any rows. */
  measure({ x, y }: Dataset['train']): Promise<Evaluation> {
    return this.copy.evaluate(x, y);
  }

  private classified(probabilities: Float32Array, rows: number): Omit<Judgement, 'step' | 'rows' | 'whole'> {
    const { x, y } = this.test;
    const confusion = new Array<number>(CLASSES * CLASSES).fill(0);
    const wrong: { row: number; predicted: number; probability: number }[] = [];
    let loss = 0;
    let right = 0;
    for (let row = 0; row < rows; row++) {
      const output = probabilities.subarray(row * CLASSES, (row + 1) * CLASSES);
      const label = y.data[row]!;
      const predicted = output.indexOf(Math.max(...output));
      loss -= Math.log(Math.max(output[label]!, 1e-30));
      confusion[label * CLASSES + predicted]!++;
      if (predicted === label) right++;
      else wrong.push({ row, predicted, probability: output[predicted]! });
    }
    wrong.sort((a, b) => b.probability - a.probability);
    const mistakes = wrong.slice(0, MISTAKES).map(({ row, predicted, probability }): Mistake => (
      { pixels: Uint8Array.from(x.data.subarray(row * PIXELS, (row + 1) * PIXELS)), label: y.data[row]!, predicted, probability }
    ));
    return { loss: loss / rows, accuracy: right / rows, confusion, mistakes };
  }

  /** @param picture [28, 28], 0 … 255 */
  async look(picture: Uint8Array): Promise<Sight> {
    const input = { data: picture, shape: [1, 28, 28, 1] };
    const { data } = await this.copy.predict(input);
    const probabilities = this.toProbabilities(data);
    const none = { filters: new Float32Array(), filterSize: 0, maps: new Float32Array(), mapSize: 0, count: 0 };
    if (!this.eye) return { probabilities, ...none };
    const maps = await this.eye.predict(input);
    const { data: filters, shape } = this.eye.getWeights().find((weight) => weight.shape.length === 4)!;
    return { probabilities, filters, filterSize: shape[0]!, maps: maps.data, mapSize: maps.shape[1]!, count: maps.shape[3]! };
  }

  /** What is predicted for a row of the test signals. */
  async forecast(row: number, horizon: number): Promise<Forecast> {
    const { x, y } = this.test;
    const steps = x.shape[1]!;
    const rows = x.shape[0]!;
    const at = Math.min(row, rows - 1);
    const range = [at * steps, (at + 1) * steps] as const;
    const { data } = await this.copy.predict({ data: x.data.subarray(...range), shape: [1, steps, 1] });
    return { row: at, horizon, truth: Float32Array.from(y.data.subarray(...range)), predicted: data };
  }

  private toProbabilities(outputs: Float32Array): Float32Array {
    if (!this.givesLogits) return outputs;
    for (let start = 0; start < outputs.length; start += CLASSES) {
      const row = outputs.subarray(start, start + CLASSES);
      const top = Math.max(...row);
      let sum = 0;
      for (let i = 0; i < CLASSES; i++) sum += row[i] = Math.exp(row[i]! - top);
      for (let i = 0; i < CLASSES; i++) row[i]! /= sum;
    }
    return outputs;
  }

  close(): void {
    this.copy.close();
    this.eye?.close();
  }
}

function firstRows({ data, shape }: Dataset['test']['x'], rows: number): TensorInput {
  const size = data.length / shape[0]!;
  return { data: data.subarray(0, rows * size), shape: [rows, ...shape.slice(1)] };
}

function meanSquare(predicted: Float32Array, truth: Dataset['test']['y']['data']): number {
  let sum = 0;
  for (let i = 0; i < predicted.length; i++) sum += (predicted[i]! - truth[i]!) ** 2;
  return sum / predicted.length;
}
