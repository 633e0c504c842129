let current: Document | undefined = globalThis.document;

/** Called once by the entry point, where there is no browser. */
export function useDocument(document: Document): void {
  current = document;
}

/** What plots are drawn in: the browser's document, or one made for the purpose. */
export function drawingDocument(): Document {
  if (!current) throw new Error('no document: import the report by its entry point');
  return current;
}
