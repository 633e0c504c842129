import { fixed, percent } from '../../text.js';
import type { DoneEvent, Output } from './output.js';
import { standInBanner } from './stand-in.js';
import type { Streams } from '../streams.js';

/** One line for each network: its result. */
export class QuietOutput implements Output {
  constructor(private readonly streams: Streams) {}

  standIn(reason: string): void {
    this.streams.stderr.write(standInBanner(reason));
  }

  done({ model, testLoss, testAccuracy, trainLoss, weightsSha256 }: DoneEvent): void {
    const facts = [
      `test loss ${fixed(testLoss)}`, testAccuracy !== undefined && `test accuracy ${percent(testAccuracy)}`,
      trainLoss !== undefined && `train loss ${fixed(trainLoss)}`, `weights ${weightsSha256}`,
    ];
    this.streams.stdout.write(`${model}: ${facts.filter(Boolean).join(', ')}\n`);
  }

  download(): void {}
  start(): void {}
  step(): void {}
  epoch(): void {}
  status(): void {}
  report(): void {}
  clear(): void {}
}
