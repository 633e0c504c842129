/** What `npm pack` would ship. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';

interface Manifest {
  bin: Record<string, string>;
  exports: Record<string, Target>;
}
/** A path, or paths by condition. */
type Target = string | { readonly [condition: string]: Target };

const pathsOf = (target: Target): string[] => (typeof target === 'string' ? [target] : Object.values(target).flatMap(pathsOf));

const packed = (): string[] => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ files }] = JSON.parse(output) as [{ files: { path: string }[] }];
  return files.map(({ path }) => path);
};

test('the package holds every entry point it names, the kernels and the worker', () => {
  const { bin, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const named = [...Object.values(bin), ...Object.values(exports).flatMap(pathsOf)].filter((path) => !path.includes('*'));
  const files = new Set(packed());
  const needed = [...named.map((path) => path.replace('./', '')), 'build/wasm/strict.js', 'build/wasm/relaxed.js', 'build/workers/thread.js', 'build/workers/training.js', 'build/js/runtime/platform/thread.browser.js', 'LICENSE', 'README.md'];
  assert.deepEqual(needed.filter((path) => !files.has(path)), []);
});

test('the package holds no sources, tests or data', () => {
  assert.deepEqual(packed().filter((path) => !/^(build\/(js|node|wasm|workers)\/|README\.md|LICENSE|package\.json)/.test(path)), []);
});

test('nothing that is needed at run time has an install script', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }> };
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  assert.ok(needed.some(([path]) => path === 'node_modules/@assemblyscript/loader'));
  assert.deepEqual(needed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path), []);
});
