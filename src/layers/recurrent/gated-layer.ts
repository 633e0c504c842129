import type { StepActivation } from '../activations.js';
import { STEP_ACTIVATIONS, requireActivation } from '../activations.js';
import type { OptionTable } from '../layer-config.js';
import { orNot } from '../layer-config.js';
import type { RecurrentOptions } from './recurrent-layer.js';
import { RECURRENT_OPTIONS, RecurrentLayer } from './recurrent-layer.js';

export interface GatedOptions extends RecurrentOptions {
  /** Activation of the gates. Default `sigmoid`. */
  recurrentActivation?: StepActivation;
}

/** Options that all layers with gates have. */
export const GATED_OPTIONS: OptionTable<GatedOptions> = { ...RECURRENT_OPTIONS, recurrentActivation: orNot('text', 'sigmoid') };

/** A recurrent layer whose gates have an activation of their own. */
export abstract class GatedLayer extends RecurrentLayer {
  protected readonly recurrentActivation: StepActivation;

  constructor(options: GatedOptions, ...rest: [gates: number, stateNames: readonly string[]]) {
    super(options, ...rest);
    this.recurrentActivation = requireActivation(options.recurrentActivation ?? 'sigmoid', this.name, STEP_ACTIVATIONS);
  }

  protected override describeMore(): string[] {
    return this.recurrentActivation === 'sigmoid' ? [] : [`gates ${this.recurrentActivation}`];
  }
}
