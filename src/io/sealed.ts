/**
 * Safetensors with a seal: `sha256` in the metadata, over everything else that is in the file. It goes by names and contents, not by bytes, so that
 * another tool may write the same contents in another order.
 */
import { LanewiseError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { sha256 } from '../sha256.js';
import { decodeSafetensors, elementType, encodeSafetensors, type NamedTensor, type Safetensors } from './safetensors.js';

const SEAL = 'sha256';

/** As `encodeSafetensors`. @throws LanewiseError `invalid-argument`, `unsupported` */
export async function encodeSealed(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Promise<Uint8Array<ArrayBuffer>> {
  const seal = await sealOf(new Map(tensors.map(({ name, tensor }) => [name, tensor])), new Map(Object.entries(metadata)));
  return encodeSafetensors(tensors, { ...metadata, [SEAL]: seal });
}

/** As `decodeSafetensors`; what has a seal must be what was sealed. @throws LanewiseError `invalid-file`, `unsupported` */
export async function decodeSealed(bytes: Uint8Array, where: string): Promise<Safetensors & { sealed: boolean }> {
  const { tensors, metadata } = decodeSafetensors(bytes, where);
  const expected = metadata.get(SEAL);
  const contents = new Map([...metadata].filter(([key]) => key !== SEAL));
  if (expected === undefined) return { tensors, metadata: contents, sealed: false };
  const received = await sealOf(tensors, contents);
  if (received !== expected) {
    throw new LanewiseError('invalid-file', 'the file is damaged: its contents are not those that were written', {
      where, expected: `SHA-256 ${expected}`, received,
    });
  }
  return { tensors, metadata: contents, sealed: true };
}

async function sealOf(tensors: ReadonlyMap<string, Tensor>, metadata: ReadonlyMap<string, string>): Promise<string> {
  const entries = await Promise.all([...tensors].map(async ([name, tensor]) => {
    const { buffer, byteOffset, byteLength } = tensor.data;
    return [name, elementType(tensor), tensor.shape, await sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength))] as const;
  }));
  const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number => (a < b ? -1 : a > b ? 1 : 0);
  const manifest = JSON.stringify({ metadata: [...metadata].sort(byName), tensors: entries.sort(byName) });
  return sha256(new TextEncoder().encode(manifest));
}
