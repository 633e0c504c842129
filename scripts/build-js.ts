/**
 * Compiles src/ into build/js/, without leftovers of files that moved. What is embedded is imported by its place, not by a name of this package's
 * `imports`: a page may load the modules as they are.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
rmSync(`${root}build/js`, { recursive: true, force: true });
execFileSync(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });

for (const file of readdirSync(`${root}build/js`, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.js')) continue;
  const path = join(root, 'build/js', file);
  const text = readFileSync(path, 'utf8');
  const up = relative(dirname(path), join(root, 'build')).replaceAll('\\', '/');
  const placed = text.replaceAll(/(['"])#(wasm|workers)\/([\w.]+)\1/g, (_, quote: string, folder: string, name: string) =>
    `${quote}${up}/${folder}/${name}${folder === 'workers' ? '.text' : ''}.js${quote}`);
  if (placed !== text) writeFileSync(path, placed);
}
