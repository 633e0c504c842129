/** What a batch came to. */
export interface BatchResult {
  loss: number;
  /** Rows of the output (or their columns, if the loss counts those) that are right. */
  correct: number;
  /** Samples that the loss is the mean of: all, or where a mask leaves steps out fewer, in fractions. */
  weight: number;
  /** What each metric counted, of those that look at outputs. */
  sums: readonly Float64Array[];
}

/** Batches, summed up. */
export interface Tally {
  /** Losses, each times the weight of its batch. */
  lossSum: number;
  correct: number;
  weight: number;
  readonly sums: readonly Float64Array[];
}
