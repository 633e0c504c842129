/** Every example runs to its end in its short form, by the package's own name, and says what it is for. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const folder = fileURLToPath(new URL('../../examples/', import.meta.url));
const LONGEST = 80;
/** What the last line says, where a short run is enough to be right. */
const results: Readonly<Record<string, RegExp>> = {
  '01-first-tensor.ts': /25 °C are 77\.0 °F, 30 °C are 86\.0 °F/,
  '02-xor.ts': /0 xor 0 = 0 .*\n0 xor 1 = 1 .*\n1 xor 0 = 1 .*\n1 xor 1 = 0 /,
  '08-custom-layer.ts': /0\.5 · -0\.5 = -0\.2\d, 0\.8 · 0\.7 = 0\.5\d/,
};

for (const name of readdirSync(folder).filter((file) => file.endsWith('.ts'))) {
  describe(`examples/${name}`, () => {
    it('runs', async () => {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx', `${folder}${name}`, '--short'], { timeout: 120_000 });
      assert.equal(stderr, '');
      assert.match(stdout, results[name] ?? /\d/);
      assert.doesNotMatch(stdout, /NaN|undefined/);
    });

    it('is short, and uses the public API alone', () => {
      const text = readFileSync(`${folder}${name}`, 'utf8');
      assert.ok(text.split('\n').length <= LONGEST);
      for (const [, from] of text.matchAll(/from '([^']+)'/g)) assert.match(from!, /^(lanewise(\/\w+)?|node:\w+)$/);
    });
  });
}
