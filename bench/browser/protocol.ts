/** What the page of the browser bench and its worker say to each other. */
import type { Setup } from '../networks/workloads.js';

export interface Order {
  /** Numbers of threads. */
  threads: readonly number[];
  rounds: number;
}

export interface Row extends Setup {
  network: string;
  /** Milliseconds of a training step. */
  step: number;
  /** How many times as fast it is as on one thread of the same build. */
  speedUp: number;
}

/** A line of the table, what is being measured, or the end of it. */
export type Report = { row: Row } | { state: string } | { done: true } | { failure: string };
