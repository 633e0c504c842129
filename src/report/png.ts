import { crc32, deflateSync } from 'node:zlib';
import { LanewiseError } from '../errors.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * A greyscale image, 8 bits a pixel, as the address of an inline PNG (ISO/IEC 15948).
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
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8; // bits a pixel; the zeros after it: greyscale, deflate, standard filters, not interlaced
  const rows = Buffer.alloc(height * (width + 1)); // a leading 0 in each row: no filter
  for (let y = 0; y < height; y++) rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  const file = Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return `data:image/png;base64,${file.toString('base64')}`;
}

/** Length, type, content, checksum of type and content. */
function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(content.length, 0);
  frame.set(body, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}
