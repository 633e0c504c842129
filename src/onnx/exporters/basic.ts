import type { ConcatenateOptions } from '../../layers/merging/concatenate.js';
import type { DenseOptions } from '../../layers/core/dense.js';
import type { EmbeddingOptions } from '../../layers/core/embedding.js';
import type { RescalingOptions } from '../../layers/core/rescaling.js';
import type { ZeroPadding2dOptions } from '../../layers/reshaping/zero-padding2d.js';
import { padding2d } from '../../layers/reshaping/zero-padding2d.js';
import { exporter, type Exporter, type LayerExport } from '../exporter.js';
import type { Value } from '../graph.js';
import { activated } from './activations.js';

/** In inference the layer gives its input. */
const vanishes: Exporter = ({ x }) => x;

/** All inputs in one layout: the first one's if it is everybody's, else rows. */
function alike({ graph, inputs }: LayerExport): Value[] {
  const { layout } = inputs[0]!;
  return inputs.map((input) => graph.inLayout(input, inputs.every((other) => other.layout === layout) ? layout : 'rows'));
}

const dense = exporter<DenseOptions>(({ activation, useBias }, context) => {
  const { graph, x } = context;
  const layout = x.layout === 'timeFirst' ? 'timeFirst' : 'rows'; // features last
  const kernel = context.constant('kernel')!;
  const bias = useBias ? [context.constant('bias')!] : [];
  if (x.shape.length === 1) return activated(graph, context.output(graph.node('Gemm', [context.in(layout), kernel, ...bias]), layout), activation);
  const product = graph.node('MatMul', [context.in(layout), kernel]);
  return activated(graph, context.output(useBias ? graph.node('Add', [product, ...bias]) : product, layout), activation);
});

const add: Exporter = (context) => {
  const values = alike(context);
  return { ...values[0]!, name: values.map(({ name }) => name).reduce((sum, name) => context.graph.node('Add', [sum, name])) };
};

const concatenate = exporter<ConcatenateOptions>(({ axis }, context) => {
  const values = context.inputs.map((input) => context.graph.inLayout(input, 'rows'));
  return context.output(context.graph.node('Concat', values.map(({ name }) => name), { axis: { int: axis } }));
});

const rescaling = exporter<RescalingOptions>(({ scale, offset }, { graph, x }) => {
  const scaled = graph.node('Mul', [x.name, graph.scalar('scale', scale)]);
  return { ...x, name: offset === 0 ? scaled : graph.node('Add', [scaled, graph.scalar('offset', offset)]) };
});

/** ONNX's type of whole numbers of 64 bits. */
const INT64 = 7;

const embedding = exporter<EmbeddingOptions>(({ maskZero }, context) => {
  if (maskZero) throw context.unsupported('recurrent operators of ONNX know no mask of steps');
  const ids = context.graph.node('Cast', [context.in('rows')], { to: { int: INT64 } });
  return context.output(context.graph.node('Gather', [context.constant('embeddings')!, ids], { axis: { int: 0 } }));
});

const flatten: Exporter = (context) => context.output(context.graph.node('Flatten', [context.in('rows')], { axis: { int: 1 } }));

/** A size of 0 is that of the input: the batch. */
const reshape: Exporter = (context) =>
  context.output(context.graph.node('Reshape', [context.in('rows'), context.graph.integers('shape', [0, ...context.outputShape])]));

const zeroPadding2d = exporter<ZeroPadding2dOptions>(({ padding }, context) => {
  const [[top, bottom], [left, right]] = padding2d(padding, context.layer.name);
  const [rows, columns] = context.x.layout === 'channelsFirst' ? [2, 3] : [1, 2];
  const around = context.graph.integers('padding', [top, left, bottom, right]);
  // without a value: zeros
  const y = context.graph.node('Pad', [context.x.name, around, '', context.graph.integers('axes', [rows, columns])]);
  return context.output(y, context.x.layout);
});

export const BASIC: Readonly<Record<string, Exporter>> = {
  add, concatenate, dense, dropout: vanishes, embedding, flatten, rescaling, reshape, zeroPadding2d,
  randomErasing: vanishes, randomFlip: vanishes, randomRotation: vanishes, randomTranslation: vanishes,
};
