/** Pictures of the world as the network wants them: 28×28, light on dark. */
export const SIZE = 28;
export const PIXELS = SIZE * SIZE;
/** Room left around the garment, as in Fashion-MNIST. */
const MARGIN = 1;

/** @throws Error if the file is no picture */
export async function pictureOf(file: Blob): Promise<Uint8Array> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file instanceof File ? file.name : 'the file'} is not a picture this browser can read. Drop a PNG, JPEG or WebP`);
  }
  const context = new OffscreenCanvas(SIZE, SIZE).getContext('2d', { willReadFrequently: true })!;
  const room = SIZE - 2 * MARGIN;
  const scale = room / Math.max(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width * scale, bitmap.height * scale];
  const backdrop = backdropOf(bitmap);
  context.fillStyle = `rgb(${backdrop}, ${backdrop}, ${backdrop})`;
  context.fillRect(0, 0, SIZE, SIZE);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, (SIZE - width) / 2, (SIZE - height) / 2, width, height);
  bitmap.close();
  const grey = greyOf(context.getImageData(0, 0, SIZE, SIZE).data);
  return stretched(backdrop > 127 ? grey.map((value) => 255 - value) : grey);
}

/** Grey of the picture's edge, white where it is transparent. */
function backdropOf(bitmap: ImageBitmap): number {
  const context = new OffscreenCanvas(SIZE, SIZE).getContext('2d', { willReadFrequently: true })!;
  context.fillStyle = '#fff';
  context.fillRect(0, 0, SIZE, SIZE);
  context.drawImage(bitmap, 0, 0, SIZE, SIZE);
  const grey = greyOf(context.getImageData(0, 0, SIZE, SIZE).data);
  const edge = [...grey].filter((_, index) => index < SIZE || index >= PIXELS - SIZE || index % SIZE === 0 || index % SIZE === SIZE - 1);
  return Math.round(edge.sort((a, b) => a - b)[edge.length >> 1]!);
}

function greyOf(rgba: Uint8ClampedArray): Uint8Array {
  return Uint8Array.from({ length: PIXELS }, (_, index) => 0.299 * rgba[4 * index]! + 0.587 * rgba[4 * index + 1]! + 0.114 * rgba[4 * index + 2]!);
}

/** The darkest becomes black, the lightest white. */
function stretched(grey: Uint8Array): Uint8Array {
  const [low, high] = [Math.min(...grey), Math.max(...grey)];
  return high > low ? grey.map((value) => ((value - low) / (high - low)) * 255) : grey;
}
