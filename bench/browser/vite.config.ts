import { defineConfig } from 'vite';

/** Threads need a cross-origin isolated page. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({ base: './', worker: { format: 'es' }, build: { target: 'es2022' }, server: { headers }, preview: { headers } });
