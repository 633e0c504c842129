/** Each of V8's compilers makes of the kernels what all others do: a function runs as the first left it until the second is done with it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const LONG_BLOCKS = fileURLToPath(new URL('long-blocks.ts', import.meta.url));

function run(compiler: string, threads: number): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [compiler, '--import', 'tsx', LONG_BLOCKS, String(threads)], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test('threads that wait long for one another come to the same bits under either compiler', () => {
  const expected = run('--no-liftoff', 1);
  assert.match(expected, /^\d+\.\d+$/);
  for (const compiler of ['--liftoff-only', '--no-liftoff']) for (const threads of [1, 2, 3]) assert.equal(run(compiler, threads), expected, `${compiler}, ${threads} threads`);
});
