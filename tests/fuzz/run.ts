/** Inputs made by a seed, one after the other: what every reader has to stand. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ErrorCode } from '../../src/entry.node.js';
import { LanewiseError } from '../../src/errors.js';
import { Mutator } from './mutate.js';

/** In all; `npm run fuzz` gives another number. */
const INPUTS = Number(process.env['LANEWISE_FUZZ'] ?? 100_000);
const SEED = Number(process.env['LANEWISE_FUZZ_SEED'] ?? 1);
/** For one input, in milliseconds: the machine may be busy, but no input here is long. */
const SOON = 2000;
const MEMORY = 256 << 20;

export interface Target {
  /** Of the inputs in all. */
  share: number;
  codes: readonly ErrorCode[];
  /** Makes one input, and a function that reads it. */
  next(mutator: Mutator): { read: () => unknown; show: () => string };
}

function judge(error: unknown, codes: readonly ErrorCode[], show: () => string): void {
  if (!(error instanceof LanewiseError)) throw new Error(`not a LanewiseError for ${show()}`, { cause: error });
  assert.ok(codes.includes(error.code), `${error.code}, ${error.message} for ${show()}`);
  assert.ok(error.message.length < 50_000, `a message of ${error.message.length} characters for ${show()}`);
}

/**
 * Gives each reader its share of inputs: each is accepted or refused with one of its errors, in short time and little memory, and leaves no trace.
 * @param firstSeed tells the seeds of these readers from those of others
 */
export function fuzz(targets: Readonly<Record<string, Target>>, firstSeed: number): void {
  for (const [index, [name, target]] of Object.entries(targets).entries()) {
    it(`${name}, ${Math.round(INPUTS * target.share)} mutated inputs, seed ${SEED}`, async () => {
      const mutator = new Mutator(SEED * 100 + firstSeed + index);
      const properties = Object.getOwnPropertyNames(Object.prototype);
      const before = process.memoryUsage().rss;
      const count = Math.round(INPUTS * target.share);
      let accepted = 0;
      for (let input = 0; input < count; input++) {
        const { read, show } = target.next(mutator);
        const begin = performance.now();
        try {
          await read();
          accepted++;
        } catch (error) {
          judge(error, target.codes, show);
        }
        assert.ok(performance.now() - begin < SOON, `${performance.now() - begin} ms for ${show()}`);
      }
      assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), properties);
      assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
      const grown = process.memoryUsage().rss - before;
      assert.ok(grown < MEMORY, `${grown} bytes of memory more`);
      assert.ok(count < 1000 || (accepted > count / 1000 && accepted < count * 0.8), `${accepted} of ${count} accepted: the inputs ought to be neither all good nor all bad`);
    });
  }
}
