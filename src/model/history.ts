/** What an epoch showed. Accuracies are fractions and there only if asked for; `val…` only with validation data. */
export interface EpochLogs {
  /** Mean training loss over the epoch, with dropout, while the weights changed. */
  loss: number;
  accuracy?: number;
  valLoss?: number;
  valAccuracy?: number;
  /** Wall time of the training steps of this epoch, in seconds, validation not counted. */
  seconds: number;
  /** Median wall time of a training step, in milliseconds. */
  stepMs: number;
}

export const FIGURES = ['loss', 'accuracy', 'valLoss', 'valAccuracy', 'seconds', 'stepMs'] as const satisfies readonly (keyof EpochLogs)[];

export interface BatchLogs {
  loss: number;
  accuracy?: number;
}

/** The record of a `fit`: epochs (from 0) and, for each figure, its value in each of them. */
export class History {
  constructor(
    readonly epoch: number[] = [],
    readonly history: { [Figure in keyof EpochLogs]?: number[] } = {},
  ) {}

  push(epoch: number, logs: EpochLogs): void {
    this.epoch.push(epoch);
    for (const [figure, value] of Object.entries(logs) as [keyof EpochLogs, number][]) (this.history[figure] ??= []).push(value);
  }

  clone(): History {
    return new History([...this.epoch], structuredClone(this.history));
  }
}
