import type { Engine } from '../runtime/engine.js';
import { OpHeader, PLAN_HEADER_BYTES, PlanHeader } from './ops.js';

/**
 * Runs an encoded plan op by op, in order, `rounds` times over, and returns the median time of each op in milliseconds. Each op is made a plan of
 * its own, the whole plan's header and the op's row, so that it too runs on all threads; the plan itself is left as it is.
 * @param reserve gives the address of at least so many bytes for these small plans, which are used no longer than the call
 */
export function profilePlan(engine: Engine, plan: number, rounds: number, reserve: (bytes: number) => number): number[] {
  const rows = rowsOf(engine, plan);
  const alone = reserve(PLAN_HEADER_BYTES + Math.max(0, ...rows.map(({ bytes }) => bytes)));
  const copy = (to: number, from: number, bytes: number): void => engine.integers(to, bytes / 4).set(engine.integers(from, bytes / 4));
  copy(alone, plan, PLAN_HEADER_BYTES);
  engine.integers(alone + PlanHeader.ops, 1)[0] = 1;

  const times = rows.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    rows.forEach(({ address, bytes }, op) => {
      copy(alone + PLAN_HEADER_BYTES, address, bytes);
      engine.integers(alone + PLAN_HEADER_BYTES + OpHeader.chain, 1)[0] = 1;
      const begin = performance.now();
      engine.run(alone);
      times[op]!.push(performance.now() - begin);
    });
  }
  return times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]!);
}

function rowsOf(engine: Engine, plan: number): { address: number; bytes: number }[] {
  const count = engine.integers(plan + PlanHeader.ops, 1)[0]!;
  let address = plan + PLAN_HEADER_BYTES;
  return Array.from({ length: count }, () => {
    const bytes = engine.integers(address + OpHeader.bytes, 1)[0]!;
    address += bytes;
    return { address: address - bytes, bytes };
  });
}
