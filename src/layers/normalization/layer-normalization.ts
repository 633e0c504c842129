import { ELEMENT_BLOCK, blocksOf } from '../../plan/blocking.js';
import type { PlanTensor } from '../../plan/tape.js';
import { emitBiasGradient } from '../bias.js';
import type { EmitContext } from '../layer.js';
import { bareFactory } from '../layer.js';
import type { NormalizationOptions } from './normalization.js';
import { NORMALIZATION_OPTIONS, Normalization } from './normalization.js';

export type LayerNormalizationOptions = NormalizationOptions;

class LayerNormalization extends Normalization {
  readonly type = 'layerNormalization';
  readonly optionTable = NORMALIZATION_OPTIONS;

  emit(input: PlanTensor, { tape, parameters }: EmitContext): PlanTensor {
    const [gamma, beta] = [this.parameter(parameters, 'gamma'), this.parameter(parameters, 'beta')];
    const x = tape.toRows(input);
    const columns = this.input.at(-1)!;
    const rows = tape.length(this.input, 'rows') / columns;
    const blockRows = Math.max(1, Math.floor(ELEMENT_BLOCK / columns));
    const sizes = { rows, columns, blockRows };
    const blocks = blocksOf(rows, blockRows);
    const y = tape.tensor(this.output);
    const statistics = tape.buffer(2 * rows); // [rows][mean, 1 / σ]
    tape.op(
      'layerNormForward', { y: y.ref, statistics, x: x.ref, gamma: gamma?.value, beta: beta?.value, ...sizes, epsilon: this.epsilon }, blocks,
    );
    tape.record(y, [x], (dy) => {
      if (gamma?.gradient) {
        const partialRows = Math.ceil(rows / 32);
        const count = blocksOf(rows, partialRows);
        const partials = tape.buffer(count * columns);
        tape.op('layerNormBackwardGamma', { partials, dy: dy.ref, x: x.ref, statistics, rows, columns, blockRows: partialRows }, count);
        tape.op(
          'reducePartials', { out: gamma.gradient, partials, size: columns, count, stride: columns, blockSize: ELEMENT_BLOCK },
          blocksOf(columns, ELEMENT_BLOCK),
        );
      }
      if (beta) emitBiasGradient(tape, beta, dy, rows, columns);
      if (!x.needsGradient) return [];
      const dx = tape.like(x);
      tape.op('layerNormBackwardInput', { dx: dx.ref, dy: dy.ref, x: x.ref, statistics, gamma: gamma?.value, ...sizes }, blocks);
      return [dx];
    });
    return y;
  }
}

/**
 * y = gamma · (x - mean) / √(variance + epsilon) + beta, with mean and biased variance over the last axis of each sample (Ba et al. 2016,
 * arXiv 1607.06450; defaults as Keras). Output shape: the input's. Weights: gamma and beta, both [features], from ones and zeros.
 * @throws LanewiseError `invalid-argument`; `unsupported` for an axis other than the last
 */
export const layerNormalization = bareFactory<LayerNormalizationOptions>((options = {}) => new LayerNormalization(options));
