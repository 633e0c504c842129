/** Curves made ready to be drawn. */
export interface Point {
  x: number;
  y: number;
}

/** A stretch of a curve: its middle, its median and its range. */
export interface Band extends Point {
  low: number;
  high: number;
}

/** A curve with more points than this is drawn as a median and a range. */
const MAX_POINTS = 200;

/** The points that can be drawn; on a logarithmic axis those above zero. */
export function drawable(points: readonly Point[], logarithmic: boolean): Point[] {
  return points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && (!logarithmic || y > 0));
}

/** Joins neighbours so that at most `MAX_POINTS` stretches remain; a short curve stays as it is. */
export function toBands(points: readonly Point[]): Band[] {
  const size = Math.ceil(points.length / MAX_POINTS);
  const bands: Band[] = [];
  for (let start = 0; start < points.length; start += size) bands.push(toBand(points.slice(start, start + size)));
  return bands;
}

function toBand(points: readonly Point[]): Band {
  const sorted = points.map(({ y }) => y).sort((a, b) => a - b);
  const middle = Math.floor(points.length / 2);
  return { x: points[middle]!.x, y: sorted[middle]!, low: sorted[0]!, high: sorted.at(-1)! };
}

/** Smallest and largest value, or undefined of nothing. */
export function extent(values: readonly number[]): [number, number] | undefined {
  if (values.length === 0) return undefined;
  return values.reduce<[number, number]>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Infinity,
    -Infinity,
  ]);
}

/** At most about `most` round whole numbers from `low` to `high`, for an axis of epochs or samples. */
export function integerTicks(low: number, high: number, most = 6): number[] {
  const step = roundStep((high - low) / most);
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) ticks.push(tick);
  return ticks;
}

/** The first of 1, 2, 5, 10, 20, 50, … that is not less than `least`. */
function roundStep(least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power >= least) return digit * power;
  }
}

/** 1, 2 and 5 times powers of ten inside the range; powers of ten alone when it spans more than two decades. */
export function logarithmicTicks(low: number, high: number): number[] {
  const digits = high / low > 100 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); exponent <= Math.log10(high); exponent++) {
    for (const digit of digits) {
      const tick = Number(`${digit}e${exponent}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

/** Mean squared difference of two rows of the same length. */
export function meanSquaredError(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < truth.length; index++) sum += (truth[index]! - (predicted[index] ?? NaN)) ** 2;
  return sum / truth.length;
}
