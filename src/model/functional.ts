import { LanewiseError } from '../errors.js';
import type { JsonRecord } from '../json.js';
import type { SymbolicTensor } from '../layers/layer.js';
import { layerConfig } from '../layers/layer-config.js';
import type { Loss, LossName } from '../losses.js';
import { requireLoss } from '../losses.js';
import type { Metric, MetricName } from '../metrics.js';
import { requireMetric } from '../metrics.js';
import { requireOption } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { Head, type Objective } from './head.js';
import { Heads } from './heads.js';
import type { Prediction } from './model.js';
import { GRAPH_VERSION, MODEL_FORMAT, Model } from './model.js';
import type { CompileOptions, ModelOptions } from './options.js';
import { perOutput } from './per-output.js';
import type { ModelSummary } from './summary.js';

/** Layers connected in any way. Each output has the name of the layer that makes it. */
class Functional<Predicted extends Prediction> extends Model<Predicted> {
  /** @throws LanewiseError `invalid-argument` */
  constructor(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], options: ModelOptions) {
    super(inputs, outputs, options);
    if (outputs.length > 1) requireOutputs(inputs, outputs, this.name);
  }

  toJSON(): JsonRecord {
    return { format: MODEL_FORMAT, version: GRAPH_VERSION, name: this.name, seed: this.seed, ...this.topology() };
  }

  /** Of inputs, layers and outputs, each connection by name. */
  protected topology(): JsonRecord {
    const { nodes, inputs, outputs, inputNames } = this.graph;
    const names = new Map<SymbolicTensor, string>([
      ...inputs.map((input, index) => [input, inputNames[index]!] as const), ...nodes.map((node) => [node, node.layer.name] as const),
    ]);
    const namesOf = (tensors: readonly SymbolicTensor[]): string[] => tensors.map((tensor) => names.get(tensor)!);
    return {
      inputs: inputs.map(({ shape }, index) => ({ name: inputNames[index]!, shape })),
      layers: nodes.map((node) => ({ ...layerConfig(node.layer), inputs: namesOf(node.inputs) })),
      outputs: namesOf(outputs),
    };
  }

  override summary(): ModelSummary {
    const summary = super.summary();
    const outputs = this.graph.outputs.map(({ layer }) => layer!.name);
    return outputs.length === 1 ? summary : { ...summary, outputs, toString: () => `${summary.toString()}\nOutputs: ${outputs.join(', ')}` };
  }

  protected override objectiveOf(options: CompileOptions): Objective {
    const { outputs } = this.graph;
    if (outputs.length === 1) return super.objectiveOf(options);
    const { loss, lossWeights = {}, metrics = {} } = options;
    const names = outputs.map(({ layer }) => layer!.name);
    const losses = perOutput<LossName | Loss>(loss, names, 'loss', isLoss(loss) ? { isOne: isLoss, missing: loss } : undefined);
    const own = perOutput<MetricName | Metric | readonly (MetricName | Metric)[]>(metrics, names, 'metrics', { isOne: () => false, missing: [] });
    const weights = perOutput(lossWeights, names, 'lossWeights', { isOne: () => false, missing: 1 });
    const heads = outputs.map(({ shape }, index) => new Head([own[index]!].flat().map(requireMetric), requireLoss(losses[index]!), shape, ` ${names[index]!}`));
    return new Heads(heads, names, weights.map((weight, index) => requireOption(weight, 'a weight', `lossWeights ${names[index]!}`, typeof weight === 'number' && Number.isFinite(Math.fround(weight)), 'a number')));
  }
}

/** Outputs are told apart by their layers. */
function requireOutputs(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[], where: string): void {
  outputs.forEach((output, index) => {
    const place = { where: `${where}, outputs[${index}]`, remedy: "Put activation({ activation: 'linear' }) behind it" };
    if (inputs.includes(output)) throw new LanewiseError('invalid-argument', 'an input of the model as its output', place);
    if (outputs.indexOf(output) < index) throw new LanewiseError('invalid-argument', 'an output stands twice', { ...place, received: output.layer!.name });
  });
}

const isLoss = (loss: unknown): loss is LossName | Loss => typeof loss === 'string' || (typeof loss === 'object' && loss !== null && 'emit' in loss && typeof loss.emit === 'function');

export interface FunctionalOptions extends ModelOptions {
  /** What `input` gave: one, or several. */
  inputs: SymbolicTensor | readonly SymbolicTensor[];
  /** What the model gives: the output of a layer, or a list of several. An output may be part of what another one is made of. */
  outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/**
 * A model of layers connected in any way that has no cycle, from `input` by `layer.apply`.
 * @throws LanewiseError `invalid-argument`; `invalid-state` for layers of another model
 */
export function model(options: FunctionalOptions & { outputs: SymbolicTensor | readonly [SymbolicTensor] }): Model;
/**
 * Of several outputs. Targets, losses, their weights, metrics and what rows count are then given for each output, in a list or by its name, which is that
 * of its layer; figures are called `NAME_loss`, `NAME_accuracy`; `predict` gives a list of tensors.
 */
export function model(options: FunctionalOptions & { outputs: readonly [SymbolicTensor, SymbolicTensor, ...SymbolicTensor[]] }): Model<Tensor<Float32Array>[]>;
/** Of a number of outputs that types do not tell. */
export function model(options: FunctionalOptions): Model<Prediction>;
export function model({ inputs, outputs, ...options }: FunctionalOptions): Model<Prediction> {
  const [from, to] = [[inputs].flat(), [outputs].flat()];
  return to.length > 1 ? new Functional<Tensor<Float32Array>[]>(from, to, options) : new Functional<Tensor<Float32Array>>(from, to, options);
}
