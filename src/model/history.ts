import type { FigureName, OutputFigure } from '../metrics.js';
import { isMetricFigure } from '../metrics.js';

/** Figures of metrics, which are there if they were asked for. */
export type Figures<Name extends string> = { [Each in Name]?: number };

/** What the figure of a name is called where it is of validation data: `valAccuracy`. */
export type ValName<Name extends string> = `val${Capitalize<Name>}`;
export const valName = <Name extends string>(name: Name): ValName<Name> => `val${name[0]!.toUpperCase()}${name.slice(1)}` as ValName<Name>;

/** What an epoch showed: the loss, the metrics that were asked for (shares are fractions), and with validation data `val…` of each. */
export interface EpochLogs extends Figures<FigureName | OutputFigure | ValName<FigureName>> {
  /** Mean training loss over the epoch, with dropout, while the weights changed. */
  loss: number;
  valLoss?: number;
  /** Wall time of the training steps of this epoch, in seconds, validation not counted. */
  seconds: number;
  /** Median wall time of a training step, in milliseconds. */
  stepMs: number;
}

/** What callbacks can go by. */
export type Monitor = 'loss' | 'valLoss' | FigureName | OutputFigure | ValName<FigureName>;

/** Whether this is the name of a figure of `EpochLogs`. */
export const isFigure = (name: string): name is keyof EpochLogs => ['loss', 'valLoss', 'seconds', 'stepMs'].includes(name) || isMetricFigure(name);

/** What a batch showed: the loss and the metrics that were asked for, of its own rows. */
export interface BatchLogs extends Figures<FigureName | OutputFigure> {
  loss: number;
}

/** Mean loss and metrics over rows. */
export type Evaluation = BatchLogs;

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

  /** Each figure with its values. */
  get figures(): [string, number[]][] {
    return Object.entries(this.history) as [string, number[]][]; // `push` leaves none undefined
  }

  clone(): History {
    return new History([...this.epoch], structuredClone(this.history));
  }
}
