import { Presets, SingleBar } from 'cli-progress';
import type { OutputStream } from '../streams.js';

/** A progress bar for people: nothing is drawn unless the stream is a terminal. */
export class Bar {
  private bar: SingleBar | undefined;
  private showsText = false;
  private readonly visible: boolean;

  constructor(private readonly stream: OutputStream) {
    this.visible = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  }

  /** Draws the bar, anew if need be. `{name}` in the format stands for a value of `payload`. */
  show(format: string, value: number, total: number, payload: Record<string, string> = {}): void {
    if (!this.visible) return;
    this.clearText();
    if (this.bar) {
      this.bar.update(value, payload);
      return;
    }
    this.bar = new SingleBar({ format, stream: this.stream, clearOnComplete: true, barsize: 28, linewrap: true }, Presets.shades_classic);
    this.bar.start(total, value, payload);
  }

  /** A text in the place of the bar. */
  text(text: string): void {
    if (!this.visible) return;
    this.clear();
    this.stream.write(text);
    this.showsText = true;
  }

  clear(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.clearText();
  }

  private clearText(): void {
    if (this.showsText) this.stream.write('\r\x1b[K');
    this.showsText = false;
  }
}
