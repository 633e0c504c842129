/** A way to start a worker: the text of its script, or a function that makes it. */
export type Start = string | (() => Worker);

/** Texts that the page's policy does not let run as blobs: not tried twice. */
const refused = new Set<Start>();

/**
 * The first worker that starts and answers its first message, or without one says by itself that it is there. Text comes as a `blob:` URL, which no bundler can lose; a policy may forbid that, and
 * the browser says so either when the worker is made or with an event.
 */
export async function startScript(starts: readonly Start[], message: unknown, name: string): Promise<Worker> {
  const left = starts.filter((start) => !refused.has(start));
  for (const [index, start] of left.entries()) {
    try {
      return await answering(typeof start === 'string' ? fromText(start, name) : start(), message);
    } catch (error) {
      if (index === left.length - 1) throw error;
      refused.add(start);
    }
  }
  throw new Error('no way to start a worker');
}

/** One URL for each text, kept: engines differ in when they read it, and in Firefox a worker waits for the page to make one. */
const urls = new Map<string, string>();

function fromText(text: string, name: string): Worker {
  const url = urls.get(text) ?? URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  urls.set(text, url);
  return new Worker(url, { name });
}

function answering(worker: Worker, message: unknown): Promise<Worker> {
  return new Promise((resolve, reject) => {
    worker.onerror = (event): void => {
      worker.terminate();
      reject(new Error(event.message || 'the script could not be loaded'));
    };
    worker.onmessage = (): void => {
      worker.onerror = null;
      worker.onmessage = null;
      resolve(worker);
    };
    if (message !== undefined) worker.postMessage(message);
  });
}
