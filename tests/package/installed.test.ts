/** The package as npm installs it, without a browser: its names and types hold, in Node and for the web. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { freshProject, type FreshProject } from './fresh.js';

/** Entry points of a program for the web; the others are for Node. */
const WEB = ['', '/worker', '/layers', '/data', '/relaxed', '/onnx', '/report', '/keras', '/tfjs'].map((path) => `lanewise${path}`);

/** The first is for a worker alone, the others want a peer dependency. */
const NOT_ALONE = ['lanewise/worker', 'lanewise/keras', 'lanewise/tfjs'];

describe('the installed package', { timeout: 240_000 }, () => {
  let project: FreshProject;
  before(() => {
    project = freshProject();
  });
  after(() => project.remove());

  it('has nothing that publint would change', async () => {
    const pkg = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
    const { messages } = await publint({ pack: { tarball: readFileSync(project.tarball).buffer }, strict: true });
    assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
  });

  it('has types where arethetypeswrong looks for them', () => {
    const attw = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json').replace('package.json', 'dist/index.js');
    const { status, stdout } = spawnSync(process.execPath, [attw, project.tarball, '--profile', 'esm-only', '--no-emoji', '--no-color'], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });

  it('runs in Node by every name', () => {
    project.write('all.mjs', `
      import { adam, sequential } from 'lanewise';
      import { dense } from 'lanewise/layers';
      for (const name of ${JSON.stringify([...WEB.filter((name) => !NOT_ALONE.includes(name)), 'lanewise/node'])}) await import(name);
      const model = sequential([dense({ units: 1, inputShape: [2] })], { seed: 1 });
      await model.compile({ optimizer: adam(), loss: 'mse', threads: 2 });
      await model.fit([[0, 1], [1, 0]], [[1], [2]], { epochs: 3 });
      console.log(model.step, model.threads);`);
    assert.equal(execFileSync(process.execPath, ['all.mjs'], { cwd: project.folder, encoding: 'utf8' }), '3 2\n');
  });

  it('type-checks in a strict project, by either way to resolve modules', () => {
    project.write('check.ts', `
      import { adam, layers, sequential, type Model } from 'lanewise';
      import { dense } from 'lanewise/layers';
      const model: Model = sequential([dense({ units: 1, inputShape: [2] }), layers.relu()]);
      await model.compile({ optimizer: adam(), loss: 'mse' });
      // @ts-expect-error a loss that there is not
      await model.compile({ optimizer: adam(), loss: 'msee' });
      export {};`);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const ofNode = { typeRoots: [fileURLToPath(new URL('../../node_modules/@types', import.meta.url))], types: ['node'] };
    for (const [module, moduleResolution, types] of [['nodenext', 'nodenext', ofNode], ['esnext', 'bundler', { types: [] }]] as const) {
      const compilerOptions = { noEmit: true, strict: true, target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], module, moduleResolution, ...types };
      project.write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['check.ts'] }));
      assert.equal(spawnSync(process.execPath, [tsc], { cwd: project.folder, encoding: 'utf8' }).stdout, '');
    }
  });

  it('asks a browser for nothing that only Node has', async () => {
    project.write('web.js', WEB.map((name) => `import '${name}';`).join('\n'));
    project.write('all-of-web.js', WEB.map((name, index) => `export * as name${index} from '${name}';`).join('\n'));
    for (const entry of ['web.js', 'all-of-web.js']) {
      // esbuild refuses node:… for browsers
      await esbuild.build({ absWorkingDir: project.folder, entryPoints: [entry], bundle: true, format: 'esm', write: false, logLevel: 'silent', external: ['fflate', 'jsfive'] });
    }
  });
});
