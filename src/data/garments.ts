/**
 * A stand-in for Fashion-MNIST where the real data cannot be had: garments drawn, not photographed. Useful to see the
 * network train; accuracies on it say nothing about Fashion-MNIST.
 */
import { LanewiseError } from '../errors.js';
import { Purpose, RandomStream } from '../random.js';
import { GARMENT_SHAPES } from './garment-shapes.js';
import { GARMENT_NAMES, IMAGE_SIZE, type ImageDataset, type LabelledImages } from './image-dataset.js';
import { point, Rasterizer, type Point } from './rasterizer.js';

export interface GarmentOptions {
  /** Default 12 000. */
  trainCount?: number | undefined;
  /** Default 2 000. */
  testCount?: number | undefined;
  /** Default 42. */
  seed?: number | undefined;
}

const PIXELS = IMAGE_SIZE * IMAGE_SIZE;
/** Test images are numbered from here, so that the size of one set does not change the other. */
const FIRST_TEST_IMAGE = 2 ** 31;

/**
 * Draws the stand-in: the ten kinds of Fashion-MNIST, 28×28, 8 bits of grey on black, with chance in cut, pose,
 * brightness, texture, folds, occlusion and noise. Labels go round (0 … 9, 0 … 9, …), so classes are balanced.
 * Image i depends on (seed, i) alone, not on the counts.
 * @throws LanewiseError `invalid-argument`
 */
export function generateGarments(options: GarmentOptions = {}): ImageDataset {
  const { trainCount = 12_000, testCount = 2_000, seed = 42 } = options;
  for (const [where, count] of Object.entries({ trainCount, testCount })) {
    if (Number.isInteger(count) && count > 0 && count < FIRST_TEST_IMAGE) continue;
    throw new LanewiseError('invalid-argument', 'not a number of images', { where, expected: 'an integer from 1', received: `${count}` });
  }
  return {
    source: `procedural stand-in for Fashion-MNIST (seed ${seed})`,
    synthetic: true,
    train: drawSet(seed, 0, trainCount),
    test: drawSet(seed, FIRST_TEST_IMAGE, testCount),
  };
}

function drawSet(seed: number, first: number, count: number): LabelledImages {
  const images = new Uint8Array(count * PIXELS);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % GARMENT_NAMES.length);
  const rasterizer = new Rasterizer(IMAGE_SIZE);
  for (let i = 0; i < count; i++) {
    const random = new RandomStream(seed, Purpose.garments, first + i);
    drawGarment(images.subarray(i * PIXELS, (i + 1) * PIXELS), labels[i]!, random, rasterizer);
  }
  return { images: { data: images, shape: [count, IMAGE_SIZE, IMAGE_SIZE, 1] }, labels: { data: labels, shape: [count] } };
}

/** Draws one garment: patches over one another, then texture and light, then an occlusion, then noise. */
function drawGarment(image: Uint8Array, label: number, random: RandomStream, rasterizer: Rasterizer): void {
  const shades = new Float64Array(PIXELS);
  const pose = randomPose(random);
  for (const { outline, shade } of GARMENT_SHAPES[label]!(random)) {
    const coverage = rasterizer.cover(outline.map(pose));
    for (let i = 0; i < PIXELS; i++) shades[i]! += coverage[i]! * (shade - shades[i]!);
  }
  applyTexture(shades, random);
  if (random.uniform() < 0.3) occlude(shades, random, rasterizer);
  quantize(image, shades, random);
}

/** From the garment's coordinates to the image's: a small rotation, scale, shift, at times mirrored. */
function randomPose(random: RandomStream): (at: Point) => Point {
  const sine = random.uniform(-0.16, 0.16);
  const cosine = Math.sqrt(1 - sine * sine);
  const scaleX = random.uniform(0.8, 1.04) * (random.uniform() < 0.25 ? -1 : 1);
  const scaleY = random.uniform(0.8, 1.04);
  const shiftX = IMAGE_SIZE / 2 + random.uniform(-2, 2);
  const shiftY = IMAGE_SIZE / 2 + random.uniform(-2, 2);
  return ({ x, y }) => {
    const [sx, sy] = [x * scaleX, y * scaleY];
    return point(shiftX + cosine * sx - sine * sy, shiftY + sine * sx + cosine * sy);
  };
}

/** Multiplies the cloth by its brightness, a gradient of light and, on most garments, a pattern. */
function applyTexture(shades: Float64Array, random: RandomStream): void {
  const brightness = random.uniform(0.28, 0.95);
  const [lightX, lightY] = [random.uniform(-0.02, 0.02), random.uniform(-0.02, 0.02)];
  const pattern = randomPattern(random);
  for (let i = 0; i < PIXELS; i++) {
    const x = (i % IMAGE_SIZE) - IMAGE_SIZE / 2;
    const y = Math.floor(i / IMAGE_SIZE) - IMAGE_SIZE / 2;
    shades[i]! *= brightness * (1 + lightX * x + lightY * y) * pattern(x, y);
  }
}

type Pattern = (x: number, y: number) => number;

function randomPattern(random: RandomStream): Pattern {
  const kind = random.integer(6);
  const depth = random.uniform(0.1, 0.5);
  const period = random.uniform(2.5, 7);
  const phase = random.uniform();
  const slant = random.uniform(-0.2, 0.2);
  const stripes: Pattern = (x, y) => 1 - depth * wave((y + slant * x) / period + phase);
  const pinstripes: Pattern = (x, y) => 1 - depth * wave((x + slant * y) / period + phase);
  switch (kind) {
    case 0:
      return stripes;
    case 1:
      return pinstripes;
    case 2:
      return (x, y) => (stripes(x, y) + pinstripes(x, y)) / 2;
    case 3: // folds: wide slanting shadows
      return (x, y) => 1 - 0.5 * depth * wave((x + (slant * 4 + 0.5) * y) / (period * 2.5) + phase);
    default:
      return () => 1;
  }
}

/** A periodic stripe of period 1 and values from 0 to 1: a parabola for one half, nothing for the other. */
function wave(turns: number): number {
  const t = turns - Math.floor(turns);
  return t < 0.5 ? 16 * t * (0.5 - t) : 0;
}

/** Hides a part of the garment behind a bar of any brightness. */
function occlude(shades: Float64Array, random: RandomStream, rasterizer: Rasterizer): void {
  const [x, y] = [random.uniform(0, IMAGE_SIZE), random.uniform(0, IMAGE_SIZE)];
  const [width, height] = [random.uniform(2, 7), random.uniform(2, 9)];
  const lean = random.uniform(-2, 2);
  const shade = random.uniform() < 0.5 ? 0 : random.uniform(0.2, 0.9);
  const bar = [point(x, y), point(x + width, y + lean), point(x + width - lean, y + height), point(x - lean, y + height)];
  const coverage = rasterizer.cover(bar);
  for (let i = 0; i < PIXELS; i++) shades[i]! += coverage[i]! * (shade - shades[i]!);
}

/** To bytes, with noise of a triangular distribution: on the cloth in full, on the background a little. */
function quantize(image: Uint8Array, shades: Float64Array, random: RandomStream): void {
  const strength = random.uniform(0.02, 0.12);
  for (let i = 0; i < PIXELS; i += 2) {
    const word = random.uint32(); // four bytes: two for each of two pixels
    for (let j = 0; j < 2; j++) {
      const noise = (((word >>> (16 * j)) & 255) - ((word >>> (16 * j + 8)) & 255)) / 255;
      const shade = shades[i + j]!;
      const value = shade + noise * strength * (0.15 + shade);
      image[i + j] = Math.floor(Math.min(1, Math.max(0, value)) * 255 + 0.5);
    }
  }
}
