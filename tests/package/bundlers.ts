/** The bundlers a program with this package in it may be built by, each without configuration. */
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

export interface Bundler {
  readonly name: string;
  /** Builds a module of a project into a folder; for the web. Vite starts from the index.html beside it, and so has no use for its name. */
  readonly build: (project: string, entry: string, out: string) => Promise<void>;
  /** The script that a page loads, where the bundler does not write the page. */
  readonly script?: (entry: string) => string;
}

const fileName = (entry: string): string => entry.slice(entry.lastIndexOf('/') + 1);

export const BUNDLERS: readonly Bundler[] = [
  {
    name: 'Vite',
    build: async (project, entry, out) => void (await vite.build({ root: join(project, entry, '..'), logLevel: 'error', build: { outDir: join(project, out) } })),
  },
  {
    name: 'webpack 5',
    async build(project, entry, out) {
      const compiler = webpack({ context: project, entry: `./${entry}`, mode: 'production', output: { path: join(project, out) } });
      const stats = await promisify<webpack.Stats | undefined>((done) => compiler.run(done))();
      const { errors = [], warnings = [] } = stats!.toJson({ all: false, errors: true, warnings: true });
      const complaints = [...errors, ...warnings].map(({ message }) => message).filter((message) => !/size limit|lazy load/.test(message)); // advice on large files
      if (complaints.length > 0) throw new Error(complaints.join('\n'));
    },
    script: () => 'main.js',
  },
  {
    name: 'esbuild, one file',
    build: async (project, entry, out) =>
      void (await esbuild.build({ absWorkingDir: project, entryPoints: [entry], bundle: true, minify: true, outdir: out, logLevel: 'error' })),
    script: fileName,
  },
  {
    name: 'esbuild, in pieces',
    build: async (project, entry, out) => void (await esbuild.build({
      absWorkingDir: project, entryPoints: [entry], bundle: true, minify: true, format: 'esm', splitting: true, outdir: out, logLevel: 'error',
    })),
    script: fileName,
  },
  {
    name: 'Rollup',
    async build(project, entry, out) {
      const bundle = await rollup({
        input: join(project, entry), plugins: [nodeResolve()], onwarn: ({ message }) => { throw new Error(message); },
      });
      await bundle.write({ dir: join(project, out) });
    },
    script: fileName,
  },
];
