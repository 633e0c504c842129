/** A pad of 28×28 to draw on: what is seen is what the network gets. By pointer, or by keyboard with a cursor of its own. */
import { PIXELS, SIZE } from '../lib/picture.js';

/** Radii of the brush, in pixels of the picture. */
export const BRUSHES = { fine: 0.8, medium: 1.6, broad: 2.8 } as const;
export type Brush = keyof typeof BRUSHES;

const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SHADE = 210;

export class Pad {
  readonly element = document.createElement('canvas');
  brush: Brush = 'medium';
  erasing = false;
  private pixels = new Uint8Array(PIXELS);
  private last: readonly [number, number] | undefined;
  private cursor: [number, number] = [SIZE / 2, SIZE / 2];
  private cursorShown = false;

  /** @param drawn called after each stroke's piece, with a copy */
  constructor(private readonly drawn: (pixels: Uint8Array) => void) {
    const { element } = this;
    element.width = element.height = SIZE;
    element.className = 'pad';
    element.tabIndex = 0;
    element.setAttribute('role', 'img');
    element.setAttribute('aria-label', 'Drawing pad, 28 by 28 pixels. Arrow keys move the brush, Space paints, Backspace clears');
    element.addEventListener('pointerdown', (event) => this.begin(event));
    element.addEventListener('pointermove', (event) => this.move(event));
    for (const type of ['pointerup', 'pointercancel'] as const) element.addEventListener(type, () => (this.last = undefined));
    element.addEventListener('keydown', (event) => this.key(event));
    element.addEventListener('blur', () => this.showCursor(false));
  }

  show(pixels: Uint8Array): void {
    if (pixels === this.pixels) return;
    this.pixels = Uint8Array.from(pixels);
    this.paint();
  }

  clear(): void {
    this.pixels = new Uint8Array(PIXELS);
    this.finish();
  }

  private begin(event: PointerEvent): void {
    this.element.setPointerCapture(event.pointerId);
    this.showCursor(false);
    this.last = this.place(event);
    this.stroke(this.last, this.last);
  }

  private move(event: PointerEvent): void {
    if (!this.last) return;
    const to = this.place(event);
    this.stroke(this.last, to);
    this.last = to;
  }

  private place({ clientX, clientY }: PointerEvent): readonly [number, number] {
    const { left, top, width, height } = this.element.getBoundingClientRect();
    return [((clientX - left) / width) * SIZE, ((clientY - top) / height) * SIZE];
  }

  private key(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (move) {
      const from = [...this.cursor] as [number, number];
      this.cursor = [limit(from[0] + move[0]), limit(from[1] + move[1])];
      this.showCursor(true);
      if (event.shiftKey) this.stroke(from, this.cursor);
    } else if (event.key === ' ') {
      this.showCursor(true);
      this.stroke(this.cursor, this.cursor);
    } else if (event.key === 'Backspace' || event.key === 'Delete') {
      this.clear();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Lays the brush, soft at its edge, along a line. */
  private stroke([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): void {
    const radius = BRUSHES[this.brush];
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const cover = Math.max(0, Math.min(1, radius + 0.5 - distance(x + 0.5, y + 0.5, x0, y0, x1, y1)));
        if (cover === 0) continue;
        const at = y * SIZE + x;
        this.pixels[at] = this.erasing ? Math.min(this.pixels[at]!, 255 * (1 - cover)) : Math.max(this.pixels[at]!, SHADE * cover);
      }
    }
    this.finish();
  }

  private finish(): void {
    this.paint();
    this.drawn(Uint8Array.from(this.pixels));
  }

  private showCursor(shown: boolean): void {
    this.cursorShown = shown;
    this.paint();
  }

  private paint(): void {
    const context = this.element.getContext('2d')!;
    context.putImageData(greyImage(this.pixels, SIZE), 0, 0);
    if (!this.cursorShown) return;
    context.strokeStyle = '#e8790c';
    context.lineWidth = 1;
    context.strokeRect(Math.floor(this.cursor[0]) - 1.5, Math.floor(this.cursor[1]) - 1.5, 3, 3);
  }
}

const limit = (value: number): number => Math.max(0.5, Math.min(SIZE - 0.5, value));

/** From a point to a piece of a line. */
function distance(x: number, y: number, x0: number, y0: number, x1: number, y1: number): number {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / length));
  return Math.hypot(x - x0 - share * dx, y - y0 - share * dy);
}

/** @param pixels [height, width], 0 black … 255 white */
export function greyImage(pixels: Uint8Array, width: number): ImageData {
  const image = new ImageData(width, pixels.length / width);
  pixels.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  return image;
}
