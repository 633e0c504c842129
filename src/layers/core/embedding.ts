import { LanewiseError } from '../../errors.js';
import type { Initializer } from '../../initializers.js';
import { requirePositiveInteger } from '../../options.js';
import { EMBEDDING_COLUMNS, ROW_BLOCK, blocksOf } from '../../plan/blocking.js';
import type { PlanTensor } from '../../plan/tape.js';
import { allKernels, type Embedding as Kernels } from '../../runtime/embedded.js';
import type { Shape } from '../../tensor/shape.js';
import type { EmitContext, WeightSpec } from '../layer.js';
import { Layer, SymbolicTensor, factory } from '../layer.js';
import type { OptionTable } from '../layer-config.js';
import { initializer, number, orNot, regularizer } from '../layer-config.js';
import type { LayerOptions } from '../layer-options.js';
import type { Regularizer } from '../regularizers.js';
import { emitStepMask } from './masking.js';

/** Inputs are floats in a plan; whole numbers beyond are not all among these. */
const MOST = 2 ** 24;

export interface EmbeddingOptions extends LayerOptions {
  /** How many numbers there are: inputs are whole numbers from 0 to inputDim - 1. At most 2^24. */
  inputDim: number;
  /** Values for each of them. */
  outputDim: number;
  /** Whether 0 stands for no step at all: a mask leaves such steps out in recurrent layers, the loss and the metrics. Default false. */
  maskZero?: boolean;
  /** Default `randomUniform`, from -0.05 to 0.05. */
  embeddingsInitializer?: Initializer;
  /** Penalty on the table. Default none. */
  embeddingsRegularizer?: Regularizer;
}

export const EMBEDDING_OPTIONS: OptionTable<EmbeddingOptions> = {
  inputDim: number, outputDim: number, maskZero: orNot('boolean', false), embeddingsInitializer: initializer, embeddingsRegularizer: regularizer,
};

class Embedding extends Layer {
  readonly type = 'embedding';
  readonly optionTable = EMBEDDING_OPTIONS;
  private readonly inputDim: number;
  private readonly outputDim: number;
  private readonly maskZero: boolean;

  constructor(options: EmbeddingOptions) {
    super(options);
    this.inputDim = requirePositiveInteger(options.inputDim, 'inputDim', this.name);
    if (this.inputDim > MOST) {
      throw new LanewiseError('invalid-argument', 'inputDim is too large', { where: this.name, expected: `at most ${MOST}`, received: `${this.inputDim}` });
    }
    this.outputDim = requirePositiveInteger(options.outputDim, 'outputDim', this.name);
    this.maskZero = options.maskZero ?? false;
  }

  override get indices(): number {
    return this.inputDim;
  }

  /** What the model is given can be checked before anything is computed from it. */
  override apply(x: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const before = (x instanceof SymbolicTensor ? x : x[0])?.layer;
    if (!before) return super.apply(x);
    throw new LanewiseError('invalid-argument', 'an embedding reads an input of the model', { where: this.name, received: `the output of ${before.name}` });
  }

  protected outputShape(inputShape: Shape): Shape {
    if (this.maskZero && inputShape.length !== 1) throw this.shapeError('wrong rank of input', '[time], with maskZero', inputShape);
    return [...inputShape, this.outputDim];
  }

  override get kernels(): Kernels {
    return allKernels;
  }

  protected override weightSpecs(): readonly WeightSpec[] {
    return [{ name: 'embeddings', shape: [this.inputDim, this.outputDim], initializer: 'randomUniform', matrix: false }];
  }

  override describe(): string {
    return `${this.inputDim} × ${this.outputDim}${this.maskZero ? ', 0 masked' : ''}`;
  }

  emit(x: PlanTensor, { tape, parameters: [embeddings] }: EmitContext): PlanTensor {
    if (!embeddings) throw new LanewiseError('invalid-state', 'no embeddings', { where: this.name });
    const rows = tape.length(this.input, 'rows');
    const sizes = { rows, columns: this.outputDim, vocabulary: this.inputDim };
    const y: PlanTensor = { ...tape.tensor(this.output), ...(this.maskZero && { mask: emitStepMask(tape, x, rows, 0) }) };
    tape.op('embeddingForward', { y: y.ref, ids: x.ref, w: embeddings.value, ...sizes, blockRows: ROW_BLOCK }, blocksOf(rows, ROW_BLOCK));
    tape.record(y, [x], (dy) => {
      if (embeddings.gradient) {
        const args = { dw: embeddings.gradient, dy: dy.ref, ids: x.ref, ...sizes, blockColumns: EMBEDDING_COLUMNS };
        tape.op('embeddingBackward', args, blocksOf(this.outputDim, EMBEDDING_COLUMNS));
      }
      return [];
    });
    return y;
  }
}

/**
 * A row of a table for each whole number, such as a word's or a character's.
 *
 * Input shape: […], an input of the model, [time] with maskZero. Output shape: […, outputDim]. Weights: embeddings [inputDim, outputDim].
 * A number out of range is refused with the data (`invalid-data`).
 * @throws LanewiseError `invalid-argument`
 */
export const embedding = factory<EmbeddingOptions>((options) => new Embedding(options));
