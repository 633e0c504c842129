import { defineConfig } from 'vite';

/** With these two headers a page may share memory with its workers, so that Lanewise trains on all cores. Without them it trains on one. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  base: './', // runs from any folder of any server
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1500 }, // the kernels, and the report with its plots, are modules of their own
  server: { headers },
  preview: { headers },
});
