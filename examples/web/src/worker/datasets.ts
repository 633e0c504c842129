/** Data for both tasks: generated here, or parsed from files that the page was given. */
import { LanewiseError } from 'lanewise';
import { arBaseline, generateGarments, generateSignals, nextSampleWindows, parseIdx, parseNpy, persistenceBaseline, splitRows } from 'lanewise/data';
import type { Baseline, DataFile, DataInfo, DataSource, Task } from '../protocol.js';

type Tensor = ReturnType<typeof parseIdx>;

/** Rows to learn from and rows to be judged by. */
export interface Dataset {
  train: { x: Tensor; y: Tensor };
  test: { x: Tensor; y: Tensor };
}

export interface Source extends DataInfo {
  /** The rows for one horizon; garments have none. */
  rows(horizon: number): Dataset;
  baselines(horizon: number): Baseline[];
  /** Longest horizon that leaves something to predict. */
  length: number;
}

const CLASSES = 10;
const SIZE = 28;
const PIXELS = SIZE * SIZE;
const THUMBNAILS = 6;
/** Of a set without test rows this part is held out. */
const HELD_OUT = 1 / 6;
const TRAINING_SIGNALS = 0.66;

export function loadSource(task: Task, source: DataSource): Source {
  if (task === 'garments') return source.kind === 'files' ? garmentFiles(source.files, source.from) : standIn();
  return source.kind === 'files' ? signalFile(source.files, source.from) : signalSource(generateSignals(), 'generated: 25 sine waves each', true);
}

function standIn(): Source {
  const { train, test } = generateGarments({ trainCount: 10_000, testCount: 2_000 });
  return garmentSource({ train: { x: train.images, y: train.labels }, test: { x: test.images, y: test.labels } }, 'drawn by a program', true);
}

function garmentSource(data: Dataset, source: string, synthetic: boolean): Source {
  return {
    source, synthetic, trainRows: data.train.x.shape[0]!, testRows: data.test.x.shape[0]!,
    thumbnails: thumbnails(data.train), rows: () => data, baselines: () => [], length: 0,
  };
}

/** [10 × THUMBNAILS, 28, 28]: the first training images of each class, black where there are too few. */
function thumbnails({ x, y }: Dataset['train']): Uint8Array {
  const sheet = new Uint8Array(CLASSES * THUMBNAILS * PIXELS);
  const found = new Array<number>(CLASSES).fill(0);
  for (let row = 0; row < y.data.length && found.some((count) => count < THUMBNAILS); row++) {
    const label = y.data[row]!;
    if (found[label]! >= THUMBNAILS) continue;
    sheet.set(x.data.subarray(row * PIXELS, (row + 1) * PIXELS), (label * THUMBNAILS + found[label]!) * PIXELS);
    found[label]!++;
  }
  return sheet;
}

interface Part {
  name: string;
  tensor: Tensor;
}

/** Images and labels find each other by their numbers of rows; of two pairs, the larger one is to learn from. */
function garmentFiles(files: readonly DataFile[], from: string): Source {
  const parts = files.map(({ name, bytes }): Part => ({ name, tensor: parseIdx(bytes, { where: name }) }));
  const images = parts.filter(({ tensor }) => tensor.shape.length === 3);
  const labels = parts.filter(({ tensor }) => tensor.shape.length === 1);
  for (const { name, tensor } of images) requireImages(name, tensor);
  for (const { name, tensor } of labels) requireLabels(name, tensor);
  const pairs = images.map((image) => {
    const label = labels.find(({ tensor }) => tensor.shape[0] === image.tensor.shape[0]);
    if (!label) {
      throw new LanewiseError('invalid-data', `no labels for the ${image.tensor.shape[0]} images`, {
        where: image.name, remedy: 'Drop the file of labels together with the file of images',
      });
    }
    return { x: withChannel(image.tensor), y: label.tensor };
  });
  pairs.sort((a, b) => b.y.data.length - a.y.data.length);
  const [train, test] = pairs;
  if (!train) throw new LanewiseError('invalid-data', 'there are no images among the files', { remedy: 'Drop an IDX file of images and one of labels' });
  return garmentSource(test ? { train, test } : holdOut(train), from, false);
}

function holdOut({ x, y }: Dataset['train']): Dataset {
  const rows = y.data.length - Math.max(1, Math.round(HELD_OUT * y.data.length));
  const [trainX, testX] = splitRows(x, rows);
  const [trainY, testY] = splitRows(y, rows);
  return { train: { x: trainX, y: trainY }, test: { x: testX, y: testY } };
}

function withChannel({ data, shape }: Tensor): Tensor {
  return { data, shape: [...shape, 1] };
}

function requireImages(where: string, { data, shape: [rows = 0, height, width] }: Tensor): void {
  if (data instanceof Uint8Array && rows > 1 && height === SIZE && width === SIZE) return;
  throw new LanewiseError('invalid-data', 'the images are of another kind', {
    where, expected: '8 bits of grey, 28 × 28', received: `${data.constructor.name}, ${height} × ${width}, ${rows} of them`,
  });
}

function requireLabels(where: string, { data }: Tensor): void {
  const row = data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < CLASSES));
  if (row < 0) return;
  throw new LanewiseError('invalid-data', 'a label is out of range', { where, expected: 'whole numbers from 0 to 9', received: `${data[row]} in row ${row}` });
}

function signalFile(files: readonly DataFile[], from: string): Source {
  const [file, ...others] = files;
  if (!file || others.length > 0) throw new LanewiseError('invalid-data', 'signals come in one file', { expected: 'one npy file', received: `${files.length} files` });
  const signals = parseNpy(file.bytes, file.name);
  const [rows = 0, length = 0] = signals.shape;
  if (signals.shape.length !== 2 || rows < 3 || length < 20) {
    throw new LanewiseError('invalid-data', 'the array does not hold signals', {
      where: file.name, expected: '[signals, samples], at least 3 of at least 20', received: `[${signals.shape.join(', ')}]`,
    });
  }
  return signalSource(signals, from, false);
}

function signalSource(signals: Tensor, source: string, synthetic: boolean): Source {
  const [count, length] = signals.shape as [number, number];
  const [train, test] = splitRows(signals, Math.min(count - 1, Math.max(1, Math.round(TRAINING_SIGNALS * count))));
  return {
    source, synthetic, trainRows: train.shape[0]!, testRows: test.shape[0]!, length,
    rows: (horizon) => ({ train: nextSampleWindows(train, horizon), test: nextSampleWindows(test, horizon) }),
    baselines: (horizon) => baselines(train, test, horizon),
  };
}

const AR_ORDER = 10;

function baselines(train: Tensor, test: Tensor, horizon: number): Baseline[] {
  const list: Baseline[] = [{ name: 'no change', loss: persistenceBaseline(test, horizon).testLoss }];
  if (AR_ORDER >= train.shape[1]!) return list;
  try {
    list.push({ name: `AR(${AR_ORDER})`, loss: arBaseline(train, test, AR_ORDER, horizon).testLoss });
  } catch (error) {
    if (!(error instanceof LanewiseError && error.code === 'invalid-data')) throw error; // signals that are all zero have none
  }
  return list;
}
