import type { DoneEvent, EpochEvent, Output, StartEvent } from './output.js';
import { standInBanner } from './stand-in.js';
import type { Streams } from '../streams.js';

/** One JSON object a line on standard output and nothing else there; `quiet` leaves the results only. */
export class JsonOutput implements Output {
  constructor(
    private readonly streams: Streams,
    private readonly quiet: boolean,
  ) {}

  standIn(reason: string): void {
    this.streams.stderr.write(standInBanner(reason));
  }

  start(event: StartEvent): void {
    if (!this.quiet) this.write(event);
  }

  epoch(event: EpochEvent): void {
    if (!this.quiet) this.write(event);
  }

  done(event: DoneEvent): void {
    this.write(event);
  }

  report(file: string): void {
    this.write({ event: 'report', report: file });
  }

  private write(event: object): void {
    this.streams.stdout.write(`${JSON.stringify(event)}\n`);
  }

  download(): void {}
  step(): void {}
  status(): void {}
  clear(): void {}
}
