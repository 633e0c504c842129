/** Mutated inputs for every reader, as many as wanted: `npm run fuzz -- --inputs 10000000 --seed 7`. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values: { inputs, seed } } = parseArgs({ options: { inputs: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } } });
if (![inputs, seed].every((text) => /^[1-9]\d{0,14}$/.test(text))) throw new Error('--inputs and --seed are whole numbers of at least 1');
const { status } = spawnSync(process.execPath, ['--import', 'tsx', '--test', 'tests/fuzz/fuzz.test.ts', 'tests/fuzz/import.test.ts', 'tests/fuzz/idx-file.test.ts'], {
  stdio: 'inherit', env: { ...process.env, LANEWISE_FUZZ: inputs, LANEWISE_FUZZ_SEED: seed },
});
process.exitCode = status ?? 1;
