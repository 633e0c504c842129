import { LanewiseError } from '../errors.js';
import type { Layer, SymbolicTensor } from '../layers/layer.js';
import { layerConfig } from '../layers/layer-config.js';
import type { Model, Prediction } from '../model/model.js';
import { LayerExport, type Exporter } from './exporter.js';
import { ACTIVATIONS } from './exporters/activations.js';
import { NORMALIZATION } from './exporters/normalization.js';
import { BASIC } from './exporters/basic.js';
import { RECURRENT } from './exporters/recurrent.js';
import { WINDOWS } from './exporters/windows.js';
import { WRAPPERS } from './exporters/wrappers.js';
import { OnnxGraph, type Value } from './graph.js';
import { encodeOnnx } from './proto.js';

/** The operators are those of this version of ONNX (2023); readers of any newer one know them. */
const OPSET = 20;

const EXPORTERS: ReadonlyMap<string, Exporter> = new Map(Object.entries({ ...ACTIVATIONS, ...NORMALIZATION, ...BASIC, ...RECURRENT, ...WINDOWS, ...WRAPPERS }));

/** Types of layers that can be exported. */
export const ONNX_LAYER_TYPES: readonly string[] = [...EXPORTERS.keys()];

/**
 * A model as the bytes of an ONNX file (opset 20, float32), as it predicts: what works in training only, such as dropout, is not in it. Inputs and
 * outputs have the library's shapes, channels last, behind a batch of any size; inputs have the names of the model's inputs, outputs those of
 * the layers that give them. The model need not be compiled.
 * @throws LanewiseError `unsupported`, naming the layer, for one that ONNX has no operators for, and for weights of 2 GiB
 */
export function exportOnnx(model: Model<Prediction>): Uint8Array<ArrayBuffer> {
  const { inputs, inputNames, nodes, outputs } = model.graph;
  const graph = new OnnxGraph();
  const values = new Map<SymbolicTensor, Value>();
  inputs.forEach((input, index) => values.set(input, { name: graph.takeName(inputNames[index]!), shape: input.shape, layout: 'rows' }));
  for (const node of nodes) {
    values.set(node, exportLayer(graph, node.layer, node.inputs.map((input) => values.get(input)!)));
  }
  const results = outputs.map((output) => graph.inLayout(values.get(output)!, 'rows'));
  const named = nameOutputs(graph, results, outputs.map(({ layer }) => layer?.name ?? 'output'));
  return encodeOnnx({
    name: model.name, opset: OPSET, nodes: graph.nodes, initializers: graph.initializers,
    inputs: inputs.map(({ shape }, index) => ({ name: inputNames[index]!, shape })), outputs: named.map(({ name, shape }) => ({ name, shape })),
  });
}

/** Adds a layer's nodes to the graph, with those of layers within it. */
function exportLayer(graph: OnnxGraph, layer: Layer, inputs: readonly Value[]): Value {
  const run = layer.isCustom ? undefined : EXPORTERS.get(layer.type);
  if (!run) {
    const remedy = layer.isCustom ? 'Put a layer of the library in its place' : '';
    throw new LanewiseError('unsupported', 'a layer that cannot be exported to ONNX', {
      where: layer.name, expected: ONNX_LAYER_TYPES.join(', '), received: layer.type, ...(remedy && { remedy }),
    });
  }
  const { scope } = graph;
  graph.scope = layer.name;
  const value = run(new LayerExport(graph, layer, layerConfig(layer), inputs, exportLayer));
  graph.scope = scope;
  return value;
}

/** Gives outputs the names wanted. What is no node's output, or has such a name already, is handed on by a node that does nothing else. */
function nameOutputs(graph: OnnxGraph, values: readonly Value[], wanted: readonly string[]): Value[] {
  const given = new Map<string, string>();
  return values.map(({ name, ...value }, index) => {
    const outputName = graph.takeName(wanted[index]!);
    const known = given.get(name);
    if (known === undefined && graph.nodes.some(({ outputs }) => outputs.includes(name))) {
      graph.rename(name, outputName);
      given.set(name, outputName);
    } else {
      graph.nodes.push({ name: outputName, operator: 'Identity', inputs: [known ?? name], outputs: [outputName], attributes: {} });
    }
    return { ...value, name: outputName };
  });
}
