import { LanewiseError } from '../errors.js';
import type { Layer, StateStore, WeightInput } from '../layers/layer.js';
import { fixedRef } from '../plan/buffer.js';
import type { Ref } from '../plan/buffer.js';
import { Kernel } from '../plan/ops.js';
import type { Engine } from '../runtime/engine.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sameShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { NamedState } from './checkpoint.js';
import { STATE } from './checkpoint.js';

interface Kept {
  layer: Layer;
  name: string;
  units: number;
  batch: number;
  /** [ceil(batch / 4)][units][4] */
  ref: Ref;
}

/** What stateful layers keep from batch to batch, in the engine's memory: for each batch size in buffers of their own, of which one size is in use. */
export class States implements StateStore {
  private readonly kept: Kept[] = [];
  /** Rows of the batches since the last reset; undefined before the first. */
  private batch: number | undefined;

  constructor(
    private readonly engine: Engine,
    /** The model's stateful layers. */
    private readonly layers: readonly Layer[],
  ) {}

  /** The place of a state, zeros at first. */
  ref(layer: Layer, name: string, units: number, batch: number): Ref {
    const found = this.kept.find((each) => each.layer === layer && each.name === name && each.batch === batch);
    if (found) return found.ref;
    const bytes = 4 * Kernel.lanes * Math.ceil(batch / Kernel.lanes) * units;
    const ref = fixedRef(this.engine.reserve(bytes), bytes);
    this.kept.push({ layer, name, units, batch, ref });
    return ref;
  }

  /** Lets batches of a size in. @throws LanewiseError `invalid-shape` for another size than before, if layers keep states */
  use(batch: number): void {
    const [layer] = this.layers;
    if (!layer) return;
    if (this.batch !== undefined && this.batch !== batch) {
      throw new LanewiseError('invalid-shape', 'a stateful layer needs batches of one size', {
        where: layer.name, expected: `${this.batch} rows, as before`, received: `${batch}`, remedy: 'Call model.resetStates() before batches of another size',
      });
    }
    this.batch = batch;
  }

  /** Refuses stateful layers. @throws LanewiseError `invalid-argument` */
  requireNone(why: string, remedy: string): void {
    if (this.layers.length > 0) throw new LanewiseError('invalid-argument', `stateful layers need ${why}`, { where: `fit, ${this.layers[0]!.name}`, remedy });
  }

  /** Refuses rows that do not fill their batches, before any is run. @throws LanewiseError `invalid-shape` */
  requireWholeBatches(rows: number, batchSize: number, where: string): void {
    if (this.layers.length === 0) return;
    if (rows > batchSize && rows % batchSize !== 0) {
      throw new LanewiseError('invalid-shape', 'a stateful layer needs batches of one size', {
        where: `${where}, ${this.layers[0]!.name}`, expected: `a multiple of ${batchSize} rows`, received: `${rows}`,
        remedy: 'Choose a batchSize that divides the rows, or leave some out',
      });
    }
    this.use(Math.min(rows, batchSize));
  }

  /** All states are zeros, and the next batch may have any size. */
  resetAll(): void {
    for (const each of this.kept) this.view(each).fill(0);
    this.batch = undefined;
  }

  reset(layer: Layer, given?: readonly WeightInput[]): void {
    if (!given) {
      for (const each of this.kept) if (each.layer === layer) this.view(each).fill(0);
      return;
    }
    const { stateNames, stateUnits } = layer;
    const batch = this.batch ?? batchOf(given[0], stateUnits);
    if (given.length !== stateNames.length) {
      throw new LanewiseError('invalid-shape', 'wrong number of states', {
        where: layer.name, expected: `${stateNames.length}: ${stateNames.join(', ')}`, received: `${given.length}`,
      });
    }
    given.forEach((value, index) => checkState(value, [batch, stateUnits], `${layer.name}, state ${stateNames[index]}`));
    this.use(batch);
    stateNames.forEach((name, index) => {
      const value = given[index]!;
      this.write({ layer, name, units: stateUnits, batch, ref: this.ref(layer, name, stateUnits, batch) }, 'data' in value ? value.data : value);
    });
  }

  get(layer: Layer): Tensor<Float32Array>[] {
    return this.inUse.filter((each) => each.layer === layer).map((each) => this.read(each));
  }

  /** The states in use, such as `lstm_1/state/h`. */
  named(batch: number): NamedState[] {
    return this.layers.flatMap((layer) => layer.stateNames.map((name) => {
      const each = (): Kept => ({ layer, name, units: layer.stateUnits, batch, ref: this.ref(layer, name, layer.stateUnits, batch) });
      return {
        name: layer.name + STATE + name, shape: [batch, layer.stateUnits], read: () => this.read(each()), write: ({ data }) => this.write(each(), data),
      };
    }));
  }

  /** Runs something that leaves all states as they are. */
  unchanged<Result>(work: () => Result): Result {
    const before = this.kept.map((each) => this.view(each).slice());
    try {
      return work();
    } finally {
      before.forEach((values, index) => this.view(this.kept[index]!).set(values));
    }
  }

  private get inUse(): Kept[] {
    return this.kept.filter(({ batch }) => batch === this.batch);
  }

  private view({ ref }: Kept): Float32Array {
    return this.engine.floats(ref.buffer.address!, ref.buffer.bytes / 4);
  }

  private read(kept: Kept): Tensor<Float32Array> {
    const view = this.view(kept);
    const shape = [kept.batch, kept.units];
    return { data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => view[laneOf(i, kept.units)]!), shape };
  }

  private write(kept: Kept, values: ArrayLike<number>): void {
    const view = this.view(kept);
    for (let i = 0; i < kept.batch * kept.units; i++) view[laneOf(i, kept.units)] = values[i]!;
  }
}

/** From an index in rows [batch, units] to that in lanes. */
function laneOf(index: number, units: number): number {
  const row = Math.floor(index / units);
  return (Math.floor(row / Kernel.lanes) * units + (index % units)) * Kernel.lanes + (row % Kernel.lanes);
}

const batchOf = (value: WeightInput | undefined, units: number): number => {
  if (!value) return 1;
  return 'data' in value ? (value.shape[0] ?? 1) : Math.max(1, Math.floor(value.length / units));
};

function checkState(value: WeightInput, shape: Shape, where: string): void {
  const data = 'data' in value ? value.data : value;
  const fits = data.length === sizeOf(shape) && (!('data' in value) || sameShape(value.shape, shape));
  if (!fits) {
    throw new LanewiseError('invalid-shape', 'a state has the wrong shape', {
      where, expected: formatShape(shape), received: 'data' in value ? formatShape(value.shape) : `${value.length} values`,
    });
  }
  const bad = Array.from(data).findIndex((each) => !Number.isFinite(each));
  if (bad >= 0) throw new LanewiseError('invalid-data', 'a value is not finite', { where, received: String(data[bad]) });
}
