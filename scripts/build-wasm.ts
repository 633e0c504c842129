/**
 * Builds the kernels: constants and dispatch from the op table, the wasm of each target, and its embedding as a module, so that bundlers
 * cannot lose it. Every wasm is also left as a file of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const run = (...args: string[]): void => void execFileSync(process.execPath, args, { cwd: fileURLToPath(root), stdio: 'inherit' });

mkdirSync(new URL('build/wasm/', root), { recursive: true });
run('--import', 'tsx', 'scripts/generate-ops.ts');
const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
for (const target of ['strict', 'relaxed']) {
  run(asc, '--target', target);
  const base64 = readFileSync(new URL(`build/wasm/${target}.wasm`, root)).toString('base64');
  writeFileSync(new URL(`build/wasm/${target}.js`, root), `export default '${base64}';\n`);
  writeFileSync(new URL(`build/wasm/${target}.d.ts`, root), 'declare const base64: string;\nexport default base64;\n');
}
