/** The most memory can deliver: a triad (out = a + b) and a copy (out = s · a + t) over buffers larger than the caches. */
import { ELEMENT_BLOCK, blocksOf } from '../src/plan/blocking.js';
import type { BenchTape, Setup } from './tape.js';
import { prepare, traffic } from './tape.js';
import { quantile } from './measure.js';

const SIZE = 1 << 24; // 64 MiB each

/** GB/s, each byte of the operands counted once. */
export async function peakBandwidth(setup: Setup, seconds: number): Promise<number> {
  const blocks = blocksOf(SIZE, ELEMENT_BLOCK);
  const triad = (tape: BenchTape): void =>
    tape.combine('add', { out: tape.buffer(SIZE), a: tape.buffer(SIZE), b: tape.buffer(SIZE) }, SIZE);
  const copy = (tape: BenchTape): void =>
    tape.op('affine', { y: tape.buffer(SIZE), x: tape.buffer(SIZE), size: SIZE, blockSize: ELEMENT_BLOCK, scale: 1, offset: 0 }, blocks);
  const rates: number[] = [];
  for (const layOut of [triad, copy]) {
    const { engine, address, ops } = await prepare(setup, 1, (tape) => (layOut(tape), tape.ops));
    const times: number[] = [];
    for (const end = performance.now() + 500 * seconds; times.length < 3 || performance.now() < end;) {
      const begin = performance.now();
      engine.run(address);
      times.push(performance.now() - begin);
    }
    engine.close();
    rates.push(traffic(ops) / quantile(times, 0) / 1e6);
  }
  return Math.max(...rates);
}
