/** The filters of the first convolution and what each makes of the picture, on one canvas each. */
import { components } from '../lib/colour.js';
import type { Sight } from '../protocol.js';

type Colour = readonly [number, number, number];

export class FeatureMaps {
  readonly element = document.createElement('div');
  private tiles: { map: HTMLCanvasElement; filter: HTMLCanvasElement }[] = [];

  constructor() {
    this.element.className = 'maps';
    this.element.setAttribute('role', 'img');
  }

  draw(sight: Sight): void {
    const { count, filters, filterSize, maps, mapSize } = sight;
    if (this.tiles.length !== count) this.lay(count, mapSize, filterSize);
    this.element.setAttribute('aria-label', `${count} filters of the first convolution, each with the picture as it leaves it`);
    const [positive, negative] = [components('--test'), components('--train')];
    const top = Math.max(1e-6, largest(maps));
    const strongest = Math.max(1e-6, largest(filters));
    this.tiles.forEach(({ map, filter }, index) => {
      paint(map, mapSize, (pixel) => Math.max(0, maps[pixel * count + index]!) / top, positive, negative);
      paint(filter, filterSize, (pixel) => filters[pixel * count + index]! / strongest, positive, negative);
    });
  }

  private lay(count: number, mapSize: number, filterSize: number): void {
    this.tiles = Array.from({ length: count }, () => ({ map: canvas(mapSize, 'map'), filter: canvas(filterSize, 'filter') }));
    this.element.style.setProperty('--columns', String(columnsFor(count)));
    this.element.replaceChildren(...this.tiles.map(({ map, filter }) => {
      const tile = document.createElement('span');
      tile.append(map, filter);
      return tile;
    }));
  }
}

/** As many as fill their rows. */
function columnsFor(count: number): number {
  return [4, 8, 6, 5, 7, 3].find((columns) => count % columns === 0 && count / columns <= 2 * columns) ?? Math.min(8, Math.ceil(Math.sqrt(count)));
}

function canvas(size: number, className: string): HTMLCanvasElement {
  return Object.assign(document.createElement('canvas'), { width: size, height: size, className });
}

/** Values of -1 … 1 as two colours, 0 transparent. Small values are raised by a root, so that faint traces are seen. */
function paint(target: HTMLCanvasElement, size: number, valueAt: (pixel: number) => number, positive: Colour, negative: Colour): void {
  const image = new ImageData(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    const value = valueAt(pixel);
    const [red, green, blue] = value >= 0 ? positive : negative;
    image.data.set([red, green, blue, 255 * Math.min(1, Math.abs(value)) ** 0.7], 4 * pixel);
  }
  target.getContext('2d')!.putImageData(image, 0, 0);
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
