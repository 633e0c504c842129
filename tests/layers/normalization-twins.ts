/** Normalizing layers beside their double-precision counterparts. */
import { layers } from '../../src/entry.node.js';
import { columnSums, map, normalizedRows, normalizedRowsBackward, rowStatistics } from '../reference/index.js';
import type { Twin } from './twins.js';

export function layerNormalization(options: NonNullable<Parameters<typeof layers.layerNormalization>[0]>): Twin {
  const layer = layers.layerNormalization(options);
  const { epsilon = 1e-3, center = true, scale = true } = options;
  return {
    layer,
    run(x, weights) {
      const columns = layer.input.at(-1)!;
      const rows = x.length / columns;
      const gamma = scale ? weights[0] : undefined;
      const beta = center ? weights.at(-1) : undefined;
      const statistics = rowStatistics({ x, rows, columns, epsilon });
      const n = normalizedRows({ x, statistics, columns });
      return {
        y: map(n, (value, i) => value * (gamma?.[i % columns] ?? 1) + (beta?.[i % columns] ?? 0)),
        backward(dy) {
          const dGamma = gamma ? [columnSums({ x: map(dy, (value, i) => value * n[i]!), rows, columns })] : [];
          const dBeta = beta ? [columnSums({ x: dy, rows, columns })] : [];
          const g = map(dy, (value, i) => value * (gamma?.[i % columns] ?? 1));
          return { dx: normalizedRowsBackward({ g, n, statistics, columns }), dWeights: [...dGamma, ...dBeta] };
        },
      };
    },
  };
}
