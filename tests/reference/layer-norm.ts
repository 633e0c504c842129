import { map, type Values } from './values.js';

export interface NormalizedRows {
  rows: number;
  columns: number;
}

/** Mean and 1 / √(biased variance + epsilon) of each row: [rows][2]. */
export function rowStatistics({ x, rows, columns, epsilon }: NormalizedRows & { x: Values; epsilon: number }): Float64Array {
  const statistics = new Float64Array(2 * rows);
  for (let row = 0; row < rows; row++) {
    let mean = 0, variance = 0;
    for (let c = 0; c < columns; c++) mean += x[row * columns + c]! / columns;
    for (let c = 0; c < columns; c++) variance += (x[row * columns + c]! - mean) ** 2 / columns;
    statistics.set([mean, 1 / Math.sqrt(variance + epsilon)], 2 * row);
  }
  return statistics;
}

/** (x - mean) / σ of each row. */
export function normalizedRows({ x, statistics, columns }: { x: Values; statistics: Values; columns: number }): Float64Array {
  return map(x, (value, i) => {
    const row = Math.floor(i / columns);
    return (value - statistics[2 * row]!) * statistics[2 * row + 1]!;
  });
}

/** dx of n = normalizedRows, from the gradient g of n: (g - mean g - n · mean(g·n)) / σ. */
export function normalizedRowsBackward({ g, n, statistics, columns }: { g: Values; n: Values; statistics: Values; columns: number }): Float64Array {
  return map(g, (value, i) => {
    const row = Math.floor(i / columns);
    let meanG = 0, meanGn = 0;
    for (let j = row * columns; j < (row + 1) * columns; j++) {
      meanG += g[j]! / columns;
      meanGn += (g[j]! * n[j]!) / columns;
    }
    return (value - meanG - n[i]! * meanGn) * statistics[2 * row + 1]!;
  });
}
