import { GARMENT_NAMES } from '../../data/image-dataset.js';
import type { LabelledImage, Mistake } from '../../report/report-data.js';
import type { Tensor } from '../../tensor/tensor.js';
import { epochReport, networkReport } from './network-report.js';
import type { ReportSection, Run, Samples } from '../tasks/task.js';

const SAMPLES_PER_CLASS = 6;
const MISTAKES = 12;
const PIXELS = 28 * 28;

/** What a report says of the classifier; predicts the test images anew. */
export async function classifierReport(run: Run): Promise<ReportSection> {
  const { task, model, history: { history, epoch }, done } = run;
  const probabilities = await model.predict(task.test.x);
  const classes = probabilities.shape[1]!;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const mistakes: (Omit<Mistake, 'pixels'> & { row: number })[] = [];
  for (let row = 0; row < task.test.y.data.length; row++) {
    const label = task.test.y.data[row]!;
    const { predicted, probability } = mostLikely(probabilities.data.subarray(row * classes, (row + 1) * classes));
    confusion[label]![predicted]!++;
    if (predicted !== label) mistakes.push({ row, label, predicted, probability });
  }
  mistakes.sort((a, b) => b.probability - a.probability || a.row - b.row);
  return {
    classifier: {
      ...networkReport(run),
      classNames: GARMENT_NAMES,
      samples: firstOfEach(task.train, classes),
      history: epoch.map((index) => ({
        ...epochReport(run, index), accuracy: history.accuracy?.[index] ?? NaN, valAccuracy: history.valAccuracy?.[index] ?? NaN,
      })),
      final: {
        trainLoss: done.trainLoss ?? NaN, trainAccuracy: done.trainAccuracy ?? NaN, testLoss: done.testLoss, testAccuracy: done.testAccuracy ?? NaN,
      },
      confusion,
      mistakes: mistakes.slice(0, MISTAKES).map(({ row, ...mistake }) => ({ ...mistake, pixels: pixelsOf(task.test.x, row) })),
    },
  };
}

function mostLikely(probabilities: Float32Array): { predicted: number; probability: number } {
  let predicted = 0;
  for (let label = 1; label < probabilities.length; label++) if (probabilities[label]! > probabilities[predicted]!) predicted = label;
  return { predicted, probability: probabilities[predicted]! };
}

function firstOfEach({ x, y }: Samples, classes: number): LabelledImage[] {
  const found = Array.from({ length: classes }, (): LabelledImage[] => []);
  for (let row = 0; row < y.data.length && found.some(({ length }) => length < SAMPLES_PER_CLASS); row++) {
    const label = y.data[row]!;
    if (found[label]!.length < SAMPLES_PER_CLASS) found[label]!.push({ label, pixels: pixelsOf(x, row) });
  }
  return found.flat();
}

const pixelsOf = ({ data }: Tensor, row: number): Uint8Array => Uint8Array.from(data.subarray(row * PIXELS, (row + 1) * PIXELS));
