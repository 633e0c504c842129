/** Prints what a plan of long blocks comes to on so many threads, which have to wait for one another for longer than they sleep at a time. */
import '../../src/entry.node.js';
import { fixedRef, type Ref } from '../../src/plan/buffer.js';
import { PlanBuilder } from '../../src/plan/builder.js';
import { Control } from '../../src/plan/ops.js';
import { Engine } from '../../src/runtime/engine.js';

const SIDE = 900;
const threads = Number(process.argv[2]);
const engine = await Engine.load({ build: 'strict', base: Control.end, control: Control });
await engine.start({ threads });
const matrix = (): Ref => fixedRef(engine.reserve(4 * SIDE * SIDE), 4 * SIDE * SIDE);
const valuesOf = ({ buffer }: Ref): Float32Array => engine.floats(buffer.address!, SIDE * SIDE);
const a = matrix();
const b = matrix();
const c = matrix();
for (const start of [a, b]) valuesOf(start).fill(1 / 32);

const plan = new PlanBuilder();
for (let step = 0; step < 3; step++) {
  // one block, which one thread takes; then blocks of what it gave, for all
  plan.op('gemm', {
    c, a, b, bias: undefined, m: SIDE, n: SIDE, k: SIDE, lda: SIDE, ldb: SIDE, ldc: SIDE, transposeA: 0, transposeB: 0, blockM: SIDE, blockN: SIDE + 4,
    blockK: SIDE, packA: 0, relu: 0,
  }, 1, 2 ** 23);
  plan.op('affine', { y: a, x: c, size: SIDE * SIDE, blockSize: SIDE, scale: 0.5, offset: 0 }, SIDE);
}
const scratch = 2 ** 23;
const address = plan.encode(engine, engine.reserve(scratch * threads), scratch);
engine.run(address);
console.log([...new Set(valuesOf(a))].join());
engine.close();
