/** Layers that hold others: what these give, put together. */
import { TimeDistributed } from '../../layers/recurrent/time-distributed.js';
import { Bidirectional, type BidirectionalOptions, type MergeMode } from '../../layers/recurrent/bidirectional.js';
import { exporter, type Exporter, type Resolved } from '../exporter.js';
import type { OnnxGraph, Value } from '../graph.js';
import { turned } from './recurrent.js';

const MERGES: Readonly<Record<MergeMode, (graph: OnnxGraph, both: string[]) => string>> = {
  concat: (graph, both) => graph.node('Concat', both, { axis: { int: -1 } }),
  sum: (graph, both) => graph.node('Add', both),
  mul: (graph, both) => graph.node('Mul', both),
  ave: (graph, both) => graph.node('Mean', both),
};

/** Sequences are [time, batch, units] here, last outputs [batch, units]. */
const bidirectional = exporter<BidirectionalOptions>(({ mergeMode }: Pick<Resolved<BidirectionalOptions>, 'mergeMode'>, context) => {
  const { graph, layer, x } = context;
  if (!(layer instanceof Bidirectional)) throw context.unsupported(`not a bidirectional layer: ${layer.type}`);
  const [forward, backward] = [layer.forwardLayer, layer.backwardLayer].map((direction) => context.part(direction, x)) as [Value, Value];
  const back = layer.forwardLayer.returnSequences ? turned(graph, backward.name) : backward.name;
  return context.output(MERGES[mergeMode](graph, [forward.name, back]), forward.layout);
});

/** A size of -1 is what is left: steps become samples, and samples steps again. */
const timeDistributed: Exporter = (context) => {
  const { graph, layer } = context;
  if (!(layer instanceof TimeDistributed)) throw context.unsupported(`not a layer of steps: ${layer.type}`);
  const within = layer.layer;
  const steps = graph.node('Reshape', [context.in('rows'), graph.integers('steps', [-1, ...within.input])]);
  const y = graph.inLayout(context.part(within, { name: steps, shape: within.input, layout: 'rows' }), 'rows');
  return context.output(graph.node('Reshape', [y.name, graph.integers('shape', [-1, ...context.outputShape])]));
};

export const WRAPPERS: Readonly<Record<string, Exporter>> = { bidirectional, timeDistributed };
