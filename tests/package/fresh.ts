/** A fresh project with the package in it as npm packs and installs it. */
import { transformSync } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const npm = (cwd: string, ...args: string[]): string => execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

export interface FreshProject {
  readonly folder: string;
  /** The packed package. */
  readonly tarball: string;
  /** Writes a file of the project. */
  write(path: string, text: string): void;
  remove(): void;
}

/** Packs what is built. What the package depends on comes from npm's cache, where it is since this repository was installed. */
export function freshProject(): FreshProject {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-fresh-'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const [{ filename }] = JSON.parse(npm(folder, 'pack', ROOT, '--json', '--ignore-scripts')) as [{ filename: string }];
  write('package.json', JSON.stringify({ name: 'fresh', private: true, type: 'module' }));
  npm(folder, 'install', '--prefer-offline', '--no-fund', '--no-audit', '--loglevel', 'error', `./${filename}`);
  return { folder, tarball: join(folder, filename), write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The trainings that every engine must bring to the same bits, as JavaScript. */
export const trainingsScript = (): string =>
  transformSync(readFileSync(join(ROOT, 'tests/browser/trainings.ts'), 'utf8'), { loader: 'ts', format: 'esm', target: 'es2022' }).code;
