// The op loop: every thread runs it over the same plan.
//
//   plan  [ops, scratch, scratchBytes, -] then one row an op: [opcode, blocks, counter, bytes, share, chain][arguments …]
//
// Blocks are cut by shape, never by the number of threads, and handed out by an atomic counter, `share` at a time; threads meet at a barrier
// between ops. Ops of a chain read nothing but what their own share of the ops before wrote: a thread that has taken a share runs it through the
// whole chain, while the data are in its cache. So which thread ran a block changes nothing in the result.
import { runBlock } from "./dispatch";
import { setBlockStride } from "../simd/prefetch";
import { Control, OpHeader, PlanHeader } from "./ops";

/**
 * Looks at the barrier this often before going to sleep: about 35 µs, what it takes a sleeping thread to wake. With less, one thread that sleeps
 * keeps the others waiting for so long that they sleep in turn, at one barrier after the other.
 */
const SPINS: i32 = 60000;
/** A sleeping thread wakes this often, in milliseconds, to see whether the others live: Control.patience counts in it. */
const NAP: f64 = 100;
/** About as long, for a thread that must not sleep. */
const NAP_SPINS: i32 = SPINS * 2800;

/** Whether all other threads are there, as far as this one can tell. */
// @ts-ignore: decorator
@external("env", "othersLive")
declare function othersLive(): bool;

/**
 * Sleeps while the word at an address has a value, until it is notified of, but so many milliseconds at most: Atomics.wait. The instruction of
 * WebAssembly will not do: V8's first compiler, of Node 20 for one, stores its address over the local variable beside it.
 */
// @ts-ignore: decorator
@external("env", "sleep")
declare function sleep(address: usize, value: i32, milliseconds: f64): void;

/** Runs a plan as thread `thread` of `threads`. Returns false if a thread failed. */
export function runPlan(plan: usize, thread: i32, threads: i32): bool {
  const ops = load<i32>(plan + PlanHeader.ops);
  const scratch = load<usize>(plan + PlanHeader.scratch) + <usize>thread * load<usize>(plan + PlanHeader.scratchBytes);
  setBlockStride(threads);
  let row = plan + PlanHeader.size;
  for (let op = 0; op < ops; ) {
    if (thread == 0) store<i32>(Control.op, op);
    const share = load<i32>(row + OpHeader.share);
    const shares = (load<i32>(row + OpHeader.blocks) + share - 1) / share;
    const chain = load<i32>(row + OpHeader.chain);
    let next = row; // known before the barrier: behind the last one another plan may be written here
    for (let i = 0; i < chain; i++) next += load<usize>(next + OpHeader.bytes);
    if (threads == 1) for (let i = 0; i < shares; i++) runShare(row, i, scratch);
    else {
      for (;;) {
        const i = atomic.add<i32>(row + OpHeader.counter, 1);
        if (i >= shares) break;
        runShare(row, i, scratch);
      }
      if (!meet(row, thread, threads)) return false;
    }
    row = next;
    op += chain;
  }
  return true;
}

/** One share of each op of a chain. */
function runShare(row: usize, share: i32, scratch: usize): void {
  for (let ops = load<i32>(row + OpHeader.chain); ops > 0; ops--) {
    const opcode = load<i32>(row + OpHeader.opcode), size = load<i32>(row + OpHeader.share);
    const end = min((share + 1) * size, load<i32>(row + OpHeader.blocks));
    for (let block = share * size; block < end; block++) runBlock(opcode, row + OpHeader.size, block, scratch);
    row += load<usize>(row + OpHeader.bytes);
  }
}

/** Barrier: the last thread to arrive resets the counter of the op, or chain, and lets the others go. */
function meet(row: usize, thread: i32, threads: i32): bool {
  const passed = atomic.load<i32>(Control.barrier);
  if (atomic.add<i32>(Control.arrived, 1) + 1 == threads) {
    atomic.store<i32>(row + OpHeader.counter, 0);
    atomic.store<i32>(Control.arrived, 0);
    atomic.add<i32>(Control.barrier, 1);
    atomic.notify(Control.barrier, -1);
    return true;
  }
  if (passes(passed, SPINS)) return true;
  for (let naps = load<i32>(Control.patience); naps > 0; naps--) {
    if (atomic.load<i32>(Control.failed) != 0) return false;
    if (thread == 0 && load<i32>(Control.sleepless) != 0) passes(passed, NAP_SPINS);
    else sleep(Control.barrier, passed, NAP);
    if (atomic.load<i32>(Control.barrier) != passed) return true;
    if (!othersLive()) break;
  }
  atomic.store<i32>(Control.failed, 1);
  atomic.notify(Control.barrier, -1);
  return false;
}

/** Whether the others come while one looks so often. */
function passes(passed: i32, spins: i32): bool {
  for (let i = 0; i < spins; i++) if (atomic.load<i32>(Control.barrier) != passed) return true;
  return false;
}

/** A worker's life: wait for a job, run its plan, wait for the next; returns when asked to, or when a thread failed. `job`: the last one given out. */
export function work(thread: i32, threads: i32, job: i32): void {
  for (;;) {
    for (let i = 0; i < SPINS; i++) if (atomic.load<i32>(Control.job) != job) break;
    while (atomic.load<i32>(Control.job) == job) sleep(Control.job, job, Infinity);
    job = atomic.load<i32>(Control.job);
    const plan = load<usize>(Control.plan);
    if (plan == 0 || !runPlan(plan, thread, threads)) return;
  }
}

/** Thread 0's part of a step: gives the job out, runs its share, and returns when every thread is done. */
export function runStep(plan: usize, threads: i32): bool {
  if (threads > 1) {
    store<usize>(Control.plan, plan);
    atomic.add<i32>(Control.job, 1);
    atomic.notify(Control.job, -1);
  }
  return runPlan(plan, 0, threads);
}
