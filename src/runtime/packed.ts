/** What is embedded in the code: base64 of deflated bytes, which a server's gzip brings back to the size of those. */
export async function unpacked(packed: string): Promise<Uint8Array<ArrayBuffer>> {
  const deflated = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The same of a text. */
export const inflated = async (packed: string): Promise<string> => new TextDecoder().decode(await unpacked(packed));
