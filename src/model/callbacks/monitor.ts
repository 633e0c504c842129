import { LanewiseError } from '../../errors.js';
import { rises } from '../../metrics.js';
import { requireNotNegative } from '../../options.js';
import type { EpochLogs, History, Monitor } from '../history.js';

export interface MonitorOptions {
  /** Default `valLoss`. */
  monitor?: Monitor;
  /** Whether the figure should fall or rise. Default `auto`: losses and errors should fall, other metrics rise. */
  mode?: 'auto' | 'min' | 'max';
  /** A change of no more than this is none. */
  minDelta?: number;
}

export class Watch {
  constructor(
    private readonly where: string,
    readonly monitor: Monitor,
    private readonly mode: 'auto' | 'min' | 'max',
    private readonly minDelta: number,
  ) {
    if (!['auto', 'min', 'max'].includes(mode)) throw new LanewiseError('invalid-argument', 'unknown mode', { where, expected: 'auto, min, max', received: String(mode) });
    requireNotNegative(minDelta, 'minDelta', where);
  }

  /** The figure of an epoch. @throws LanewiseError `invalid-argument` if there is none */
  of(logs: Partial<EpochLogs>): number {
    const value = logs[this.monitor];
    if (value !== undefined) return value;
    throw new LanewiseError('invalid-argument', 'nothing to watch', {
      where: this.where, expected: Object.keys(logs).join(', '), received: this.monitor, remedy: 'Give fit validation data, or watch another figure',
    });
  }

  /** The figures of epochs that are done: a run that is resumed begins with some. */
  past({ epoch, history }: History): { epoch: number; value: number }[] {
    const values = history[this.monitor];
    return values ? epoch.map((each, index) => ({ epoch: each, value: values[index]! })) : [];
  }

  better(value: number, than: number | undefined): boolean {
    const upwards = this.mode === 'max' || (this.mode === 'auto' && rises(this.monitor));
    if (than === undefined) return !Number.isNaN(value);
    return upwards ? value - this.minDelta > than : value + this.minDelta < than;
  }
}
