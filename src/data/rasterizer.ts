/** Draws filled outlines on a small grey canvas, antialiased by exact coverage. Only + - * / and rounding. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const point = (x: number, y: number): Point => ({ x, y });

/** A closed outline from its right half: points from top to bottom with x ≥ 0, joined to their mirror images. */
export function mirrored(half: readonly Point[]): Point[] {
  return [...half, ...half.map(({ x, y }) => point(-x, y)).reverse()];
}

/** Rounds the corners by Chaikin's corner cutting: each corner is replaced by two points, one on either side of it. */
export function smooth(outline: readonly Point[], times = 2): Point[] {
  if (times === 0) return [...outline];
  const cut = outline.flatMap((from, i) => {
    const to = outline[(i + 1) % outline.length]!;
    return [between(from, to, 0.25), between(from, to, 0.75)];
  });
  return smooth(cut, times - 1);
}

/** The outline of a line of the given width through two or more points, with flat ends. */
export function stroke(path: readonly Point[], width: number): Point[] {
  const left: Point[] = [];
  const right: Point[] = [];
  path.forEach((at, i) => {
    const from = path[i - 1] ?? at;
    const to = path[i + 1] ?? at;
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const reach = width / 2 / Math.sqrt(dx * dx + dy * dy);
    const [nx, ny] = [-dy * reach, dx * reach];
    left.push(point(at.x + nx, at.y + ny));
    right.push(point(at.x - nx, at.y - ny));
  });
  return [...left, ...right.reverse()];
}

export function between(from: Point, to: Point, share: number): Point {
  return point(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
}

/**
 * The share of each pixel that lies inside an outline. Each edge adds the area to its right, signed by its direction,
 * to the pixels it touches; a running sum along the rows turns that into coverage (the method of font rasterizers:
 * Raph Levien's font-rs).
 */
export class Rasterizer {
  /** Two more than a row's pixels: an edge at the right border writes into the pixel it ends in and the one after. */
  private readonly stride: number;
  private readonly areas: Float64Array;
  private readonly coverage: Float64Array;

  constructor(readonly size: number) {
    this.stride = size + 2;
    this.areas = new Float64Array(size * this.stride);
    this.coverage = new Float64Array(size * size);
  }

  /** @returns [size·size], 0 … 1; reused by the next call */
  cover(outline: readonly Point[]): Float64Array {
    this.areas.fill(0);
    outline.forEach((from, i) => this.addEdge(from, outline[(i + 1) % outline.length]!));
    for (let y = 0; y < this.size; y++) {
      let sum = 0;
      for (let x = 0; x < this.size; x++) {
        sum += this.areas[y * this.stride + x]!;
        this.coverage[y * this.size + x] = Math.min(1, Math.abs(sum));
      }
    }
    return this.coverage;
  }

  private addEdge(from: Point, to: Point): void {
    if (from.y === to.y) return;
    const direction = from.y < to.y ? 1 : -1;
    const [top, bottom] = direction === 1 ? [from, to] : [to, from];
    const slope = (bottom.x - top.x) / (bottom.y - top.y);
    const last = Math.min(this.size, Math.ceil(bottom.y));
    for (let row = Math.max(0, Math.floor(top.y)); row < last; row++) {
      const start = Math.max(row, top.y);
      const end = Math.min(row + 1, bottom.y);
      const x0 = top.x + (start - top.y) * slope;
      const x1 = top.x + (end - top.y) * slope;
      this.addSpan(row * this.stride, Math.min(x0, x1), Math.max(x0, x1), direction * (end - start));
    }
  }

  /**
   * Spreads `height` over the pixels of one row that an edge from x0 to x1 crosses: a pixel's running sum rises to
   * the share of its area that lies to the right of the edge.
   */
  private addSpan(row: number, x0: number, x1: number, height: number): void {
    const first = this.clamp(Math.floor(x0));
    const last = this.clamp(Math.floor(x1));
    let before = 0;
    for (let pixel = first; pixel <= last; pixel++) {
      const covered = height * areaRightOf(x0 - pixel, x1 - pixel);
      this.areas[row + pixel]! += covered - before;
      before = covered;
    }
    this.areas[row + last + 1]! += height - before;
  }

  private clamp(pixel: number): number {
    return Math.min(this.size, Math.max(0, pixel));
  }
}

/** The area of the unit pixel right of a line from x0 at its top to x1 ≥ x0 at its bottom. */
function areaRightOf(x0: number, x1: number): number {
  if (x1 - x0 < 1e-9) return 1 - Math.min(1, Math.max(0, x0));
  return (integralOfRoom(x1) - integralOfRoom(x0)) / (x1 - x0);
}

/** ∫ (1 - clamp(x, 0, 1)) dx from 0 to x. */
function integralOfRoom(x: number): number {
  if (x <= 0) return x;
  return x >= 1 ? 0.5 : x - (x * x) / 2;
}
