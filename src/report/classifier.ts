import { card, figure, note, scrollable, type KeyFigure } from './components.js';
import { fixed, integer, percent, significant } from './format.js';
import { html, type Html } from './html.js';
import {
  costFigures,
  epochTable,
  forwardOperations,
  layersCard,
  operationsCard,
  provenance,
} from './network.js';
import { curvesPlot, type Curve } from './plots.js';
import { pngDataUri } from './png.js';
import type { ClassifierEpoch, ClassifierReport, LabelledImage, Mistake } from './report-data.js';

const STAND_IN = html`<strong>Stand-in data: this is not Fashion-MNIST.</strong>`;

export function classifierFigures(classifier: ClassifierReport): KeyFigure[] {
  const { testAccuracy, trainAccuracy, testLoss, trainLoss } = classifier.final;
  return [
    { name: 'Test accuracy', value: percent(testAccuracy, 2), remark: `train ${percent(trainAccuracy, 2)}` },
    { name: 'Test loss', value: significant(testLoss), remark: `train ${significant(trainLoss)}` },
    ...costFigures(classifier),
  ];
}

export function classifierSection(classifier: ClassifierReport): Html {
  return html`<section id="classifier" class="network">
    <h2>${classifier.name}</h2>
    ${provenance(classifier)} ${classifier.synthetic && html`<p class="banner">${STAND_IN}</p>`}
    <div class="cards">
      ${samplesCard(classifier)} ${curvesCards(classifier)} ${confusionCard(classifier)} ${mistakesCard(classifier)}
      ${layersCard(classifier, { sample: 'one image' })}
      ${operationsCard(classifier, 'one image', sourceCountNote(classifier))}
    </div>
  </section>`;
}

/** Nobody shall take the figures of made-up images for those of Fashion-MNIST: for the top of the page. */
export function standInBanner({ synthetic }: ClassifierReport): Html | undefined {
  if (!synthetic) return undefined;
  return html`<aside class="banner" aria-label="About the data">
    ${STAND_IN}
    <p>
      The archives of Fashion-MNIST were not at hand, so a program drew ten kinds of garment instead. The network and its
      training are the same, but the accuracies and losses here must not be compared with results on Fashion-MNIST.
    </p>
  </aside>`;
}

function samplesCard(classifier: ClassifierReport): Html {
  const { classNames, samples } = classifier;
  const groups = classNames.map((name, label) => ({ name, images: samples.filter((image) => image.label === label) }));
  const grid = html`<div class="samples">
    ${groups
      .filter(({ images }) => images.length > 0)
      .map(
        ({ name, images }) =>
          html`<div><b>${name}</b><span>${images.map((image) => picture(image, name, classifier))}</span></div>`,
      )}
  </div>`;
  const caption = classifier.synthetic
    ? 'Training images of each class, drawn by the stand-in generator.'
    : 'Training images of each class.';
  return card('The images', samples.length > 0 ? figure(grid, caption) : nothing('No sample images.'), true);
}

function picture({ pixels }: LabelledImage, text: string, { inputShape }: ClassifierReport): Html {
  const [height = 0, width = 0] = inputShape;
  return html`<img src="${pngDataUri(pixels, width, height)}" width="${width}" height="${height}" alt="${text}" />`;
}

function curvesCards({ history }: ClassifierReport): Html {
  const accuracy = curvesPlot(
    [
      curve('training, as trained', 'train', history, (epoch) => epoch.accuracy),
      curve('test', 'test', history, (epoch) => epoch.valAccuracy),
    ],
    {
      description: 'Training and test accuracy by epoch',
      xLabel: 'epoch',
      yLabel: 'accuracy',
      percent: true,
    },
  );
  const loss = curvesPlot(
    [
      curve('training, as trained', 'train', history, (epoch) => epoch.loss),
      curve('test', 'test', history, (epoch) => epoch.valLoss),
    ],
    { description: 'Training and test loss by epoch', xLabel: 'epoch', yLabel: 'cross-entropy' },
  );
  const figures = epochTable(history, [
    { name: 'Loss', value: (epoch) => fixed(epoch.loss, 4) },
    { name: 'Accuracy', value: (epoch) => percent(epoch.accuracy, 2) },
    { name: 'Test loss', value: (epoch) => fixed(epoch.valLoss, 4) },
    { name: 'Test accuracy', value: (epoch) => percent(epoch.valAccuracy, 2) },
  ]);
  return html`${card(
    'Accuracy by epoch',
    figure(accuracy, 'Training accuracy is a mean over the epoch, with dropout on and weights still moving.'),
  )}
  ${card('Loss by epoch', html`${figure(loss, 'Softmax cross-entropy, mean per image.')} ${figures}`)}`;
}

function curve(
  label: string,
  role: Curve['role'],
  history: readonly ClassifierEpoch[],
  value: (epoch: ClassifierEpoch) => number,
): Curve {
  return { label, role, points: history.map((epoch) => ({ x: epoch.epoch, y: value(epoch) })) };
}

function confusionCard({ confusion, classNames }: ClassifierReport): Html {
  const worst = Math.max(1, ...confusion.flatMap((row, label) => row.filter((_, predicted) => predicted !== label)));
  const matrix = html`<table class="confusion">
    <thead>
      <tr>
        <td class="corner">true ↓ predicted →</td>
        ${classNames.map((name) => html`<th scope="col"><span>${name}</span></th>`)}
      </tr>
    </thead>
    <tbody>
      ${confusion.map(
        (row, label) =>
          html`<tr><th scope="row">${classNames[label] ?? String(label)}</th>${row.map((cell, predicted) =>
            confusionCell(cell, predicted === label ? sum(row) : worst, predicted === label),
          )}</tr>`,
      )}
    </tbody>
  </table>`;
  const caption = html`Test images. Rows: true class; columns: predicted. <span class="key hit">right</span>
  <span class="key miss">mistaken</span>`;
  return card('Confusion matrix', figure(scrollable('Confusion matrix', matrix), caption));
}

/** A count, shaded by its part of `full`; by the root for mistakes, so that rare ones can be seen. */
function confusionCell(cell: number, full: number, right: boolean): Html {
  const part = full > 0 ? cell / full : 0;
  const shade = right ? part : Math.sqrt(part);
  const strong = shade > (right ? 0.75 : 0.88); // from here on light text is easier to read
  const kinds = [right ? 'hit' : 'miss', strong && 'strong', cell === 0 && 'zero'].filter(Boolean).join(' ');
  return html`<td class="${kinds}" style="--shade:${shade.toFixed(2)}">${integer(cell)}</td>`;
}

function mistakesCard(classifier: ClassifierReport): Html {
  const { mistakes, classNames } = classifier;
  const name = (label: number): string => classNames[label] ?? String(label);
  const item = (mistake: Mistake): Html => {
    const truth = name(mistake.label);
    const predicted = name(mistake.predicted);
    return html`<li>
      ${picture(mistake, `${truth}, taken for ${predicted}`, classifier)}
      <span><b>${predicted}</b> <i>${percent(mistake.probability, 2)}</i><br />labelled ${truth}</span>
    </li>`;
  };
  const list = html`<ul class="mistakes">
    ${mistakes.map(item)}
  </ul>`;
  const caption = html`Test images that the network got wrong while surest of itself: its answer, the probability it gave,
  the label.`;
  return card(
    'Most confident mistakes',
    mistakes.length > 0 ? figure(list, caption) : nothing('No test image was taken for another.'),
  );
}

/** Multiplications of a 3×3 convolution from 64 to 64 channels on an 11×11 map, and of the whole network around it. */
const SECOND_CONVOLUTION = 3 * 3 * 64 * 11 * 11 * 64;
const SOURCE_NETWORK = 5_842_432;

/** For the network of the source only: its own count of the second convolution left out the input channels. */
function sourceCountNote(classifier: ClassifierReport): Html | undefined {
  const { multiplications } = forwardOperations(classifier);
  const same = classifier.layers.some((layer) => layer.multiplications === SECOND_CONVOLUTION);
  if (!same || multiplications !== SOURCE_NETWORK) return undefined;
  return note(html`<b>Why these figures differ from the source’s.</b> The source counts 3·3·11·11·64 = ${integer(
    SECOND_CONVOLUTION / 64,
  )} multiplications for the second convolution, which forgets its 64 input channels: each of the 11·11·64 outputs is a sum
  over 3·3·64 products. The right count is 64 times that, ${integer(SECOND_CONVOLUTION)}, and
  ${integer(SOURCE_NETWORK)} multiplications in all.`);
}

function nothing(text: string): Html {
  return html`<p class="nothing">${text}</p>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
