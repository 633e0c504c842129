import { LanewiseError } from './errors.js';

/** Hexadecimal. @throws LanewiseError `unsupported` on a page that is not served securely */
export async function sha256(bytes: ArrayBufferView<ArrayBuffer>): Promise<string> {
  const subtle = (crypto as { subtle?: SubtleCrypto }).subtle;
  if (!subtle) throw new LanewiseError('unsupported', 'SHA-256 is not to be had on this page', { remedy: 'Serve the page over https, or from localhost' });
  const digest = await subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
