/** Processes end by themselves, and threads with their models. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Ended {
  code: number | null;
  output: string;
  /** Milliseconds from the last output to the end of the process. */
  lingered: number;
}

/** Runs a program of fixtures/ to its end. */
async function run(name: string, args: readonly string[], options: readonly string[] = []): Promise<Ended> {
  const program = fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [...options, '--import', 'tsx', program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 });
  let output = '';
  let lastOutput = NaN;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    lastOutput = performance.now();
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, output, lingered: performance.now() - lastOutput };
}

describe('a process that trained on two threads', () => {
  for (const end of ['close', 'leave']) {
    it(`ends by itself ${end === 'close' ? 'after close()' : 'without close()'}`, async () => {
      const { code, output, lingered } = await run('train', [end]);
      assert.equal(output, 'trained\n');
      assert.equal(code, 0);
      assert.ok(lingered < 2000, `it took ${lingered} ms to end`);
    });
  }
});

describe('threads', existsSync('/proc/self/task') ? {} : { skip: 'no /proc to count them in' }, () => {
  /** Some of the engine's own helpers may come and go. */
  const SLACK = 3;

  it('of closed models are gone', async () => {
    const { output, code } = await run('threads', ['200', 'close']);
    const { before, most, after } = JSON.parse(output) as Record<'before' | 'most' | 'after', number>;
    assert.equal(code, 0);
    assert.ok(after <= before + SLACK, `${before} threads before 200 models, ${after} after`);
    assert.ok(most <= before + 40, `${most} threads at once`);
  });

  it('of models nobody holds or closed are gone after a collection', async () => {
    const { output } = await run('threads', ['20', 'drop'], ['--expose-gc']);
    const { before, most, after } = JSON.parse(output) as Record<'before' | 'most' | 'after', number>;
    assert.ok(most > before + SLACK, 'the models ought to have had threads');
    assert.ok(after <= before + SLACK, `${before} threads before 20 models, ${after} after`);
  });
});
