/** What the sections of both networks share: architecture, operations, figures by epoch. */
import { card, figure, note, table, type Column, type KeyFigure } from './components.js';
import { count, duration, fixed, integer, metric, milliseconds, shape } from './format.js';
import { html, type Html, type HtmlValue } from './html.js';
import type { EpochReport, LayerReport, NetworkReport, Operations } from './report-data.js';

export function totalParameters({ layers }: NetworkReport): number {
  return layers.reduce((sum, { parameters }) => sum + parameters, 0);
}

/** Operations of the forward pass of one sample. */
export function forwardOperations({ layers }: NetworkReport): Operations {
  return layers.reduce<Operations>(
    (sum, layer) => ({
      multiplications: sum.multiplications + layer.multiplications,
      additions: sum.additions + layer.additions,
    }),
    { multiplications: 0, additions: 0 },
  );
}

/** Floating-point operations: multiplications and additions together. */
export function flops({ multiplications, additions }: Operations): number {
  return multiplications + additions;
}

/**
 * The figures that both networks have at the top of the page. Work is what the layers ask for: Winograd's method does it with fewer operations, so
 * its rate may lie above what the processor can do.
 */
export function costFigures(network: NetworkReport): KeyFigure[] {
  const perStep = flops(network.operations.batch);
  const rate = perStep / (network.stepMs / 1000);
  return [
    { name: 'Parameters', value: integer(totalParameters(network)) },
    { name: 'Work per step', value: metric(perStep, 'FLOP'), remark: `batch of ${integer(network.batchSize)}` },
    { name: 'Time per step', value: milliseconds(network.stepMs), remark: `${metric(rate, 'FLOP/s')} of that work` },
  ];
}

/** One line under the heading of a network: data, preset, extent of the training. */
export function provenance(network: NetworkReport): Html {
  const { source, preset, seed, trainSamples, augmentedSamples, testSamples, epochs, batchSize, seconds } = network;
  return html`<p class="lede">
    Preset <b>${preset}</b>, seed ${seed}: ${count(epochs, 'epoch')} in batches of ${integer(batchSize)}, trained
    in ${duration(seconds)}. ${integer(trainSamples)} training and ${integer(testSamples)} test samples from
    ${source}.${augmentedSamples === undefined ? '' : ` Each epoch goes over ${integer(augmentedSamples)} samples made of the training ones.`}
  </p>`;
}

export interface LayersOptions {
  /** What one sample is: `one image`. */
  sample: string;
  /** Further remarks under the table. */
  notes?: HtmlValue;
}

/** The architecture with (a) the parameters and (b) the forward pass, layer by layer. */
export function layersCard(network: NetworkReport, { sample, notes }: LayersOptions): Html {
  const forward = forwardOperations(network);
  const columns: Column[] = [
    { name: 'Layer' },
    { name: 'Type' },
    { name: 'Output' },
    { name: 'Parameters', numeric: true },
    { name: 'Multiplications', numeric: true },
    { name: 'Additions', numeric: true },
    { name: 'Share', numeric: true },
  ];
  const layers = table(columns, network.layers.map((layer) => layerRow(layer, flops(forward))), {
    label: `Layers of the ${network.name}`,
    total: [
      'In all',
      '',
      '',
      integer(totalParameters(network)),
      integer(forward.multiplications),
      integer(forward.additions),
      '',
    ],
  });
  const caption = `Layers, their parameters (a), and the operations of a forward pass of ${sample} (b). Share: of all operations.`;
  return card('Architecture', html`${flow(network)} ${figure(layers, caption)} ${notes}`, true);
}

function layerRow(layer: LayerReport, all: number): HtmlValue[] {
  const share = all > 0 ? ((flops(layer) / all) * 100).toFixed(1) : '0.0';
  return [
    layer.name,
    html`${layer.type}${layer.detail && html` <span class="detail">${layer.detail}</span>`}`,
    shape(layer.outputShape),
    integer(layer.parameters),
    integer(layer.multiplications),
    integer(layer.additions),
    html`<span class="share" style="--share:${share}"><span>${share} %</span></span>`,
  ];
}

/** The layers as a chain, each with the shape that leaves it. */
function flow({ inputShape, layers }: NetworkReport): Html {
  const step = (name: string, dimensions: readonly number[], kind: string): Html =>
    html`<li class="${kind}"><b>${name}</b><span>${shape(dimensions)}</span></li>`;
  return html`<ol class="flow" aria-label="Layers in order, with their output shapes">
    ${step('input', inputShape, 'plain')}
    ${layers.map((layer) => step(layer.type, layer.outputShape, layer.parameters > 0 ? 'weights' : 'plain'))}
  </ol>`;
}

/** Items (a) to (e): parameters and operations from one sample to the whole training. */
export function operationsCard(network: NetworkReport, sample: string, notes?: HtmlValue): Html {
  const { batch, epoch, training } = network.operations;
  const columns: Column[] = [
    { name: '' },
    { name: 'Multiplications', numeric: true },
    { name: 'Additions', numeric: true },
    { name: 'Together', numeric: true },
  ];
  const rows = [
    operationsRow('(b) Forward pass', sample, forwardOperations(network)),
    operationsRow('(c) Mini-batch', `${count(network.batchSize, 'sample')}, forward and backward`, batch),
    operationsRow('(d) Epoch', count(network.stepsPerEpoch, 'step'), epoch),
    operationsRow('(e) Whole training', count(network.epochs, 'epoch'), training),
  ];
  const operations = table(columns, rows, { label: `Operations of the ${network.name}` });
  const parameters = html`(a) The network has ${integer(totalParameters(network))} parameters; the table above gives them by
  layer.`;
  return card('Parameters and operations', html`${note(parameters)} ${figure(
    operations,
    'Multiplications and additions in single precision. FLOP: both together.',
  )} ${notes}`, true);
}

function operationsRow(name: string, extent: string, operations: Operations): HtmlValue[] {
  return [
    html`${name}<small>${extent}</small>`,
    integer(operations.multiplications),
    integer(operations.additions),
    metric(flops(operations), 'FLOP'),
  ];
}

/** A training that has more epochs than this shows some of them. */
const EPOCH_ROWS = 20;

/** The curves in figures, folded away. */
export function epochTable<Epoch extends EpochReport>(
  history: readonly Epoch[],
  columns: readonly { name: string; value: (epoch: Epoch) => string }[],
): Html | undefined {
  if (history.length === 0) return undefined;
  const rows = spread(history, EPOCH_ROWS).map((epoch) => [
    integer(epoch.epoch),
    ...columns.map(({ value }) => value(epoch)),
    fixed(epoch.seconds, 2),
    milliseconds(epoch.stepMs),
  ]);
  const names = [...columns.map(({ name }) => name), 'Seconds', 'Step (median)'];
  const headings: Column[] = [{ name: 'Epoch' }, ...names.map((name) => ({ name, numeric: true }))];
  return html`<details>
    <summary>The figures${history.length > EPOCH_ROWS ? `, ${EPOCH_ROWS} epochs of ${integer(history.length)}` : ''}</summary>
    ${table(headings, rows, { label: 'Figures by epoch' })}
  </details>`;
}

/** At most `most` items, evenly spread, first and last among them. */
function spread<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))]!);
}
