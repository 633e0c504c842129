/** Files in and out of the page. */
import type { DataFile } from '../protocol.js';

/** A dropped or chosen file, its gzip undone if it has one. */
export async function readDataFile(file: File): Promise<DataFile> {
  return ungzip(file.name, new Uint8Array(await file.arrayBuffer()));
}

export async function ungzip(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<DataFile> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { name, bytes };
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return { name: name.replace(/\.gz$/, ''), bytes: new Uint8Array(await new Response(stream).arrayBuffer()) };
  } catch {
    throw new Error(`${name}: the gzip data are damaged or cut short. Download the file again`);
  }
}

const IDX_NAMES = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'];

/** The four archives of Fashion-MNIST (or a set of the same form) below an address. */
export function fetchIdx(base: string): Promise<DataFile[]> {
  const folder = base.endsWith('/') ? base : `${base}/`;
  return Promise.all(IDX_NAMES.map((name) => fetchFile(new URL(name, folder))));
}

async function fetchFile(url: URL): Promise<DataFile> {
  const name = url.pathname.split('/').at(-1)!;
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`${url.host} could not be reached, or does not allow other pages to read its files. Download the files and drop them here`);
  }
  if (!response.ok) throw new Error(`${name}: ${url.host} answered ${response.status} ${response.statusText}`);
  return ungzip(name, new Uint8Array(await response.arrayBuffer()));
}

export function download(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
