/** The page: starts the worker, and shows what it says. */
const output = document.querySelector('output')!;
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

worker.onmessage = ({ data }: MessageEvent<string>): void => void (output.textContent = data);
worker.onerror = ({ message }): void => void (output.textContent = message);
