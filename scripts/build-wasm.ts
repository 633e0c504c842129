/**
 * Builds the kernels: constants and dispatch from the op table, the wasm of each target, and its embedding as a module, so that bundlers
 * cannot lose it: deflated, then base64, which a server's gzip brings back to the size of the deflated bytes. Every wasm is also left as a file of
 * its own; the digests say which file belongs to this version.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import binaryen from 'assemblyscript/binaryen';
import { fileURLToPath } from 'node:url';
import { generateDispatch, isInCore } from './generate-ops.js';
import { packed } from './packed.js';

const root = new URL('../', import.meta.url);
const run = (...args: string[]): void => void execFileSync(process.execPath, args, { cwd: fileURLToPath(root), stdio: 'inherit' });
const write = (name: string, text: string): void => writeFileSync(new URL(`build/wasm/${name}`, root), text);

mkdirSync(new URL('build/wasm/', root), { recursive: true });
run('--import', 'tsx', 'scripts/generate-ops.ts');
const compiler = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
const digests: Record<string, string> = {};

/** The strict build with fewer cases in its dispatch, and without the tiles that only others call: compiled from a copy of the kernels. */
function compileCore(): void {
  const copy = fileURLToPath(new URL('build/core/', root));
  for (const path of ['assembly', 'asconfig.json']) cpSync(new URL(path, root), `${copy}${path}`, { recursive: true });
  writeFileSync(`${copy}assembly/plan/dispatch.ts`, generateDispatch(isInCore));
  const index = readFileSync(`${copy}assembly/index.ts`, 'utf8');
  writeFileSync(`${copy}assembly/index.ts`, index.replaceAll(/^.*"\.\/recurrent\/.*$/gm, ''));
  const compiled = `${copy}core.wasm`;
  run(compiler, '--baseDir', copy, '--target', 'strict', '--outFile', compiled);
  writeFileSync(new URL('build/wasm/core.wasm', root), withoutTiles(readFileSync(compiled)));
  rmSync(copy, { recursive: true });
}

/** What is exported to the compiler alone, so that it leaves tiles out of line, taken from the exports. The whole builds keep it: benches measure by it. */
function withoutTiles(wasm: Uint8Array): Uint8Array {
  const module = binaryen.readBinary(wasm);
  const names = Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)).name);
  for (const name of names) if (name.startsWith('tile')) module.removeExport(name);
  return module.emitBinary();
}

for (const target of ['strict', 'relaxed', 'core']) {
  if (target === 'core') compileCore();
  else run(compiler, '--target', target);
  const wasm = readFileSync(new URL(`build/wasm/${target}.wasm`, root));
  digests[target] = createHash('sha256').update(wasm).digest('hex');
  write(`${target}.js`, `export default '${await packed(wasm)}';\n`);
  write(`${target}.d.ts`, 'declare const packed: string;\nexport default packed;\n');
}
write('digests.js', `export const digests = ${JSON.stringify(digests)};\n`);
write('digests.d.ts', "export declare const digests: Readonly<Record<'strict' | 'relaxed' | 'core', string>>;\n");
