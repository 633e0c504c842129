/**
 * Bundles what runs in workers into scripts that need no other file, each also as a module whose default export is the script's text: from text a
 * worker starts whatever a bundler does with files.
 */
import { build } from 'esbuild';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packed } from './packed.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}build/workers`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** Script by source; those further down may hold the text of those above. */
const SCRIPTS = [
  ['thread.browser', 'src/runtime/platform/thread.browser.ts'],
  ['thread.node', 'src/runtime/platform/thread.node.ts'],
  ['training.browser', 'src/worker/script.browser.ts'],
  ['training.node', 'src/worker/script.node.ts'],
] as const;

for (const [name, source] of SCRIPTS) {
  const node = name.endsWith('.node');
  const { outputFiles: [script] } = await build({
    entryPoints: [`${root}${source}`], bundle: true, minify: true, write: false, target: 'es2022', logLevel: 'warning',
    ...(node ? { platform: 'node', format: 'cjs' } : { platform: 'browser', format: 'iife' }),
    external: ['#wasm/strict'], // the page gives its kernels
    logOverride: { 'empty-import-meta': 'silent', 'ignored-bare-import': 'silent' },
  });
  const { text } = script!;
  if (!node) writeFileSync(`${out}/${name.replace('.browser', '')}.js`, text);
  const embedded = name.startsWith('training') ? await packed(text) : text; // what is started often is started fast
  writeFileSync(`${out}/${name}.text.js`, `export default ${JSON.stringify(embedded)};\n`);
  writeFileSync(`${out}/${name}.text.d.ts`, 'declare const script: string;\nexport default script;\n');
}
