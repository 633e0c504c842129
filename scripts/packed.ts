import { constants, deflateRawSync } from 'node:zlib';

/** Bytes as they are embedded: src/runtime/packed.ts unpacks them. */
export const packed = (contents: Uint8Array | string): string =>
  deflateRawSync(contents, { level: constants.Z_BEST_COMPRESSION, memLevel: constants.Z_MAX_MEMLEVEL }).toString('base64');
