import { LanewiseError } from '../errors.js';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** A block of deflate that is stored as it is holds at most so many bytes (RFC 1951, 3.2.4). */
const STORED = 65535;

/**
 * A greyscale image, 8 bits a pixel, as the address of an inline PNG (ISO/IEC 15948). The pixels are stored, not compressed: the images are small,
 * and so it is the same in Node and in a browser.
 * @param pixels [height, width], 0 = black.
 * @throws LanewiseError `invalid-shape` when pixels and size differ.
 */
export function pngDataUri(pixels: Uint8Array, width: number, height: number): string {
  if (pixels.length === 0 || pixels.length !== width * height) {
    throw new LanewiseError('invalid-shape', 'an image of the report does not have its size', {
      expected: `${height} × ${width} pixels`,
      received: `${pixels.length} pixels`,
    });
  }
  const header = [...word(width), ...word(height), 8, 0, 0, 0, 0]; // bits a pixel; greyscale, deflate, standard filters, not interlaced
  const rows = new Uint8Array(height * (width + 1)); // a leading 0 in each row: no filter
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const file = [...SIGNATURE, ...chunk('IHDR', header), ...chunk('IDAT', zlib(rows)), ...chunk('IEND', [])];
  return `data:image/png;base64,${btoa(file.map((byte) => String.fromCharCode(byte)).join(''))}`;
}

/** 32 bits, big-endian. */
const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];

/** Length, type, content, checksum of type and content. */
function chunk(type: string, content: readonly number[]): number[] {
  const body = [...type].map((letter) => letter.charCodeAt(0)).concat(content);
  return [...word(content.length), ...body, ...word(crc32(body))];
}

/** The zlib format (RFC 1950) around stored blocks. */
function zlib(bytes: Uint8Array): number[] {
  const out = [0x78, 0x01];
  for (let start = 0; start < bytes.length; start += STORED) {
    const block = bytes.subarray(start, start + STORED);
    const { length } = block;
    out.push(start + STORED >= bytes.length ? 1 : 0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255);
    for (const byte of block) out.push(byte);
  }
  out.push(...word(adler32(bytes)));
  return out;
}

function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return ((high << 16) | low) >>> 0;
}

/** The checksum of ISO/IEC 15948, Annex D, bit by bit: the files are small. */
function crc32(bytes: readonly number[]): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
