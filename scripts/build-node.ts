/**
 * Bundles what Node loads of build/js/ into few files in build/node/: to find and read a hundred modules takes Node longer than to run them. All entry
 * points go together, so that what they share exists once. Pages and their bundlers take the single modules, of which they drop what is not used.
 */
import { build } from 'esbuild';
import { chmodSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}build/node`;
rmSync(out, { recursive: true, force: true });

/** Bundle by module. */
const ENTRIES = {
  index: 'entry.node', worker: 'worker/serve.node', layers: 'layers/index', data: 'data/index', node: 'node', relaxed: 'relaxed', onnx: 'onnx/index',
  report: 'report/entry.node', keras: 'import/keras', tfjs: 'import/tfjs', cli: 'cli/main',
};

await build({
  entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, module]) => [name, `${root}build/js/${module}.js`])),
  outdir: out, bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external', legalComments: 'none',
  logLevel: 'warning',
  plugins: [{
    name: 'embedded', // kernels and workers stay where they are
    setup: (plugin) =>
      plugin.onResolve({ filter: /\/(wasm|workers)\/[\w.]+\.js$/ }, ({ path }) => ({ path: path.replace(/^.*\/(?=(wasm|workers)\/)/, '../'), external: true })),
  }],
});
chmodSync(`${out}/cli.js`, 0o755);
