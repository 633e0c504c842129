/**
 * Finds, or downloads, and reads Fashion-MNIST (Xiao, Rasul, Vollgraf 2017,
 * https://github.com/zalandoresearch/fashion-mnist). Node only.
 */
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { download } from './download.js';
import { readIdxFile } from './idx-file.js';
import type { IdxKind } from './idx.js';
import { GARMENT_NAMES, IMAGE_SIZE, type ImageDataset, type LabelledImages } from './image-dataset.js';

export interface DownloadProgress {
  /** The file being downloaded. */
  readonly file: string;
  /** Bytes received and to be received, of all files that are missing. */
  readonly received: number;
  readonly total: number;
}

export interface FashionMnistOptions {
  /** Look in this folder and nowhere else. */
  directory?: string | undefined;
  /** Never use the network. Default false. */
  offline?: boolean | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Where to download from, ending with a slash. Default: the official address. */
  baseUrl?: string | undefined;
  /** Give up on a download when so many milliseconds nothing arrives. Default 15 000. */
  stallTimeout?: number | undefined;
}

interface Archive {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

const OFFICIAL_URL = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/';

/** The official archives. The address has no TLS, so the checksums are what vouches for a download. */
const ARCHIVES = {
  trainImages: {
    name: 'train-images-idx3-ubyte.gz',
    bytes: 26421880,
    sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  },
  trainLabels: {
    name: 'train-labels-idx1-ubyte.gz',
    bytes: 29515,
    sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
  },
  testImages: {
    name: 't10k-images-idx3-ubyte.gz',
    bytes: 4422102,
    sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
  },
  testLabels: {
    name: 't10k-labels-idx1-ubyte.gz',
    bytes: 5148,
    sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  },
} as const satisfies Record<string, Archive>;

type Part = keyof typeof ARCHIVES;
const PARTS = Object.keys(ARCHIVES) as Part[];

/**
 * Loads Fashion-MNIST from the first of these places that holds all four files (`.gz` or plain): `directory` (then only
 * there), the folder named by the environment variable `FASHION_MNIST_DIR`, `./data/fashion-mnist`, the user's cache
 * folder (`$XDG_CACHE_HOME` or `~/.cache`, then `lanewise/fashion-mnist`). If none does, downloads what the cache
 * folder lacks.
 *
 * A download, and a file of exactly an official archive's size, must have the official SHA-256. Other IDX files under
 * the same names (another number of 28×28 images, ten classes) are taken as they are, and `source` says so.
 * @throws LanewiseError `file-not-found` (the directory lacks files; or nothing found and `offline`),
 *   `network-failed` (nothing found and the download failed), `invalid-file`, `invalid-data`
 */
export async function loadFashionMnist(options: FashionMnistOptions = {}): Promise<ImageDataset> {
  const directory = options.directory ?? (await findDirectory()) ?? (await fetchIntoCache(options));
  const files = await filesIn(directory);
  const missing = PARTS.filter((part) => files[part] === undefined);
  if (missing.length > 0) {
    await readPresent(files); // a file that is there and broken is the better thing to name
    throw notFound([directory], missing);
  }
  return readAll(directory, files as Record<Part, string>);
}

async function findDirectory(): Promise<string | undefined> {
  for (const folder of searchPath()) {
    const files = await filesIn(folder);
    if (PARTS.every((part) => files[part] !== undefined)) return folder;
  }
  return undefined;
}

function searchPath(): string[] {
  const named = process.env['FASHION_MNIST_DIR'];
  return [...(named ? [named] : []), join('data', 'fashion-mnist'), cacheFolder()];
}

/** By the XDG base directory specification, which says to ignore a relative path. */
function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'];
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'lanewise', 'fashion-mnist');
}

/** The path of each part that the folder holds. */
async function filesIn(folder: string): Promise<Partial<Record<Part, string>>> {
  const files: Partial<Record<Part, string>> = {};
  for (const part of PARTS) {
    const packed = join(folder, ARCHIVES[part].name);
    const plain = packed.slice(0, -'.gz'.length);
    if (await isFile(packed)) files[part] = packed;
    else if (await isFile(plain)) files[part] = plain;
  }
  return files;
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isFile(),
    () => false,
  );
}

/** Downloads what is missing; returns the cache folder. */
async function fetchIntoCache(options: FashionMnistOptions): Promise<string> {
  const folder = cacheFolder();
  const present = await filesIn(folder);
  const missing = PARTS.filter((part) => present[part] === undefined);
  if (options.offline) throw notFound(searchPath(), missing);
  const total = missing.reduce((sum, part) => sum + ARCHIVES[part].bytes, 0);
  let before = 0;
  for (const part of missing) {
    const { name, bytes, sha256 } = ARCHIVES[part];
    await download({
      url: (options.baseUrl ?? OFFICIAL_URL) + name,
      target: join(folder, name),
      bytes,
      sha256,
      stallTimeout: options.stallTimeout ?? 15_000,
      onProgress: (received) => options.onProgress?.({ file: name, received: before + received, total }),
    });
    before += bytes;
  }
  return folder;
}

function notFound(folders: readonly string[], missing: readonly Part[]): LanewiseError {
  return new LanewiseError('file-not-found', 'Fashion-MNIST is not there', {
    where: folders.join(', '),
    expected: missing.map((part) => ARCHIVES[part].name).join(', '),
    remedy: 'Name the folder that holds the four files, or let them be downloaded',
  });
}

async function readPresent(files: Partial<Record<Part, string>>): Promise<void> {
  for (const part of PARTS) {
    const file = files[part];
    if (file !== undefined) await readPart(part, file, part.endsWith('Labels') ? 'labels' : 'images', () => {});
  }
}

async function readAll(directory: string, files: Record<Part, string>): Promise<ImageDataset> {
  const train = await readPair(files, 'trainImages', 'trainLabels');
  const test = await readPair(files, 'testImages', 'testLabels');
  const official = train.official && test.official;
  return {
    source: official ? `Fashion-MNIST, checksums verified, in ${directory}` : `IDX files (not the official archives) in ${directory}`,
    synthetic: false,
    train: train.pair,
    test: test.pair,
  };
}

/** Reads labels first: they are small, and tell how many images there must be. */
async function readPair(
  files: Record<Part, string>,
  imagePart: Part,
  labelPart: Part,
): Promise<{ pair: LabelledImages; official: boolean }> {
  const labels = await readPart(labelPart, files[labelPart], 'labels', () => {});
  checkLabels(labels.tensor, files[labelPart]);
  const count = labels.tensor.shape[0]!;
  const images = await readPart(imagePart, files[imagePart], 'images', (shape) => {
    checkImageShape(shape, count, files[imagePart]);
  });
  const shape = [count, IMAGE_SIZE, IMAGE_SIZE, 1];
  return {
    pair: { images: { data: images.tensor.data, shape }, labels: labels.tensor },
    official: images.official && labels.official,
  };
}

async function readPart(
  part: Part,
  file: string,
  kind: IdxKind,
  checkShape: (shape: readonly number[]) => void,
): Promise<{ tensor: Tensor<Uint8Array>; official: boolean }> {
  const { bytes, sha256 } = ARCHIVES[part];
  let official = false;
  const checkDigest = (digest: string): void => {
    official = digest === sha256;
    if (!official && sizeMatches) throw wrongDigest(file, sha256, digest);
  };
  const sizeMatches = (await stat(file)).size === bytes;
  const { data, shape } = await readIdxFile(file, { kind, checkShape, checkDigest });
  if (!(data instanceof Uint8Array)) throw new LanewiseError('invalid-file', `the file does not hold ${kind}`, { where: file });
  return { tensor: { data, shape }, official };
}

function wrongDigest(where: string, expected: string, received: string): LanewiseError {
  const remedy = 'The file has the size of the official archive but not its contents: fetch it again';
  return new LanewiseError('invalid-file', 'the file has the wrong SHA-256', { where, expected, received, remedy });
}

function checkImageShape([count, height, width]: readonly number[], labelCount: number, where: string): void {
  if (height !== IMAGE_SIZE || width !== IMAGE_SIZE) {
    const details = { where, expected: `${IMAGE_SIZE}×${IMAGE_SIZE} pixels`, received: `${height}×${width}` };
    throw new LanewiseError('invalid-file', 'the images have the wrong size', details);
  }
  if (count !== labelCount) {
    const details = { where, expected: `${labelCount} images, one for each label`, received: `${count}` };
    throw new LanewiseError('invalid-data', `there are ${count} images and ${labelCount} labels`, details);
  }
}

function checkLabels({ data }: Tensor<Uint8Array>, where: string): void {
  if (data.length === 0) throw new LanewiseError('invalid-data', 'the set is empty: it holds no labels', { where });
  const index = data.findIndex((label) => label >= GARMENT_NAMES.length);
  if (index >= 0) {
    const details = { where, expected: `0 … ${GARMENT_NAMES.length - 1}`, received: `${data[index]} at index ${index}` };
    throw new LanewiseError('invalid-data', 'a label is out of range', details);
  }
}
