/** HDF5 as far as files of weights have it: groups, and datasets of float32. Whatever else a file may hold is not looked at. */
import { Dataset, File, Group } from 'jsfive';
import { LanewiseError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Where a superblock of each version says at which byte the file ends, all addresses being of eight bytes. */
const END_OF_FILE = [40, 44, 28, 28] as const;

/** A file that is cut off behind all that is read is cut off all the same. @throws LanewiseError `invalid-file` */
function requireWhole(bytes: Uint8Array, where: string): void {
  const at = END_OF_FILE[bytes[8] ?? 0];
  if (at === undefined || bytes.length < at + 8) return; // the reader knows better what is wrong
  const end = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(at, true);
  if (end > bytes.length) throw new LanewiseError('invalid-file', 'the file is cut off', { where, expected: `${end} bytes`, received: `${bytes.length}` });
}

export class Hdf5File {
  private readonly root: Group;

  /** @throws LanewiseError `invalid-file` */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly where: string,
  ) {
    requireWhole(bytes, where);
    this.root = this.guarded('', () => new File(Uint8Array.from(bytes).buffer, where));
  }

  /** Names in a group, none if it is not there. @throws LanewiseError `invalid-file` */
  keys(path: string): string[] {
    const group = this.at(path);
    return group instanceof Group ? this.guarded(path, () => group.keys) : [];
  }

  has(path: string): boolean {
    return this.at(path) !== undefined;
  }

  /** @throws LanewiseError `invalid-file`; `unsupported` for other types than float32 */
  shape(path: string): Shape {
    const { dataset, where } = this.dataset(path);
    const [shape, dtype] = this.guarded(path, () => [dataset.shape, dataset.dtype] as const);
    if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw new LanewiseError('invalid-file', 'a dataset without a shape', { where });
    if (dtype !== '<f4') {
      throw new LanewiseError('unsupported', 'a dataset of another type', { where, expected: 'float32', received: JSON.stringify(dtype) });
    }
    return shape;
  }

  /** The values, of a shape known before: nothing is read of a dataset of another one. @throws LanewiseError `invalid-file`, `unsupported` */
  read(path: string, shape: Shape): Tensor<Float32Array> {
    const { dataset, where } = this.dataset(path);
    const size = sizeOf(shape);
    const claimed = this.shape(path);
    if (formatShape(claimed) !== formatShape(shape)) {
      throw new LanewiseError('invalid-file', 'a dataset of another shape', { where, expected: formatShape(shape), received: formatShape(claimed) });
    }
    if (4 * size > this.bytes.length) {
      const details = { where, expected: `at least ${4 * size} bytes of file`, received: `${this.bytes.length}` };
      throw new LanewiseError('invalid-file', 'a dataset is larger than the file', details);
    }
    const value = this.guarded(path, () => dataset.value);
    if (value.length !== size) throw new LanewiseError('invalid-file', 'a dataset is cut off', { where, expected: `${size} values`, received: `${value.length}` });
    return { data: Float32Array.from(value as ArrayLike<number>), shape };
  }

  private dataset(path: string): { dataset: Dataset; where: string } {
    const where = `${this.where}, ${path}`;
    const dataset = this.at(path);
    if (dataset instanceof Dataset) return { dataset, where };
    throw new LanewiseError('invalid-file', 'not a dataset', { where });
  }

  private at(path: string): Group | Dataset | undefined {
    let place: Group | Dataset | undefined = this.root;
    for (const name of path.split('/')) { // step by step: the reader throws for a name that is not there
      if (!(place instanceof Group)) return undefined;
      const group: Group = place;
      place = this.guarded(path, () => (group.keys.includes(name) ? (group.get(name) ?? undefined) : undefined));
    }
    return place;
  }

  /** The reader says in many ways that a file is broken. */
  private guarded<Result>(path: string, read: () => Result): Result {
    try {
      return read();
    } catch (cause) {
      const received = cause instanceof Error ? cause.message : String(cause);
      throw new LanewiseError('invalid-file', 'not an HDF5 file that can be read', { where: path ? `${this.where}, ${path}` : this.where, received, cause });
    }
  }
}
