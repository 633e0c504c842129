import importX from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/**
 * The house, from the ground up. A folder (or file) may import from those before it and from itself, never from those after it.
 */
const FLOORS = [
  ['errors.ts', 'json.ts', 'numerics.ts', 'sha256.ts', 'text.ts'],
  ['random.ts', 'options.ts'],
  ['tensor'],
  ['initializers.ts', 'runtime', 'dataset'],
  ['plan'],
  ['optimizers', 'layers', 'losses.ts', 'losses', 'metrics.ts', 'metrics'],
  ['model'],
  ['io', 'onnx', 'import'],
  ['worker'],
  ['index.ts'],
  ['entry.node.ts', 'entry.browser.ts', 'relaxed.ts'],
  ['data'],
  ['files'],
  ['node.ts'],
  ['report'],
  ['networks'],
  ['cli'],
];
/** The floors within the layers: what all of them share, the layers, those that hold or use others, and the lists of all. */
const LAYER_FLOORS = [
  ['!(index|registry).ts'],
  ['augmentation', 'core', 'custom', 'merging', 'normalization', 'pooling', 'reshaping'],
  ['convolution', 'recurrent'],
  ['index.ts', 'registry.ts'],
];
const zones = [FLOORS, LAYER_FLOORS].flatMap((floors) => {
  const folder = floors === FLOORS ? './src' : './src/layers';
  return floors.flatMap((floor, level) => {
    const above = floors.slice(level + 1).flat();
    return above.length === 0 ? [] : floor.map((target) => ({ target: `${folder}/${target}`, from: above.map((name) => `${folder}/${name}`) }));
  });
});

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'node_modules/', 'examples/web/', 'assembly/', 'tests/kernels/', 'tests/simd-math/assembly/', 'as-pect.config.js'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] }, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off', // index access is checked by noUncheckedIndexedAccess; `!` says why it is safe by context
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'max-lines': ['error', 500],
    },
  },
  {
    // Only the platform folder, data files, files and the command line may know Node.
    files: ['src/**/*.ts'],
    ignores: [
      'src/runtime/platform/node.ts', 'src/runtime/platform/thread.node.ts', 'src/worker/*.node.ts', 'src/entry.node.ts', 'src/cli/**', 'src/report/entry.node.ts', 'src/files/**', 'src/node.ts',
      'src/data/file.ts', 'src/data/idx-file.ts', 'src/data/download.ts', 'src/data/fashion-mnist.ts', 'src/data/signals-file.ts',
    ],
    rules: { 'no-restricted-imports': ['error', { patterns: ['node:*'] }], 'no-restricted-globals': ['error', 'process', 'Buffer', 'require'] },
  },
  {
    // Programs that run without a TypeScript loader, against what is built or installed beside them.
    files: ['bench/**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['tests/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off' }, // node:test collects its own promises
  },
);
