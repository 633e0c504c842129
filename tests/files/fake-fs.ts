/** A file system in memory that fails when told to, and loses what was not synced when the power goes. */
import { posix } from 'node:path';
import type { FileSystem } from '../../src/files/whole-file.js';

type Contents = string;

/** What a call did to the disk, in order. */
type Change =
  | { kind: 'write'; file: number; contents: Contents }
  | { kind: 'sync'; file: number }
  | { kind: 'name'; name: string; file: number | undefined }
  | { kind: 'syncFolder' };

/** Decides, before each call, whether it fails. */
export type Fault = (call: number, name: string) => boolean;

export class FakeFs {
  readonly calls: string[] = [];
  readonly changes: Change[] = [];
  private readonly names = new Map<string, number>();
  private readonly files: Contents[] = [];
  fault: Fault = () => false;

  constructor(
    private readonly folder: string,
    initial: Readonly<Record<string, Contents>>,
  ) {
    for (const [name, contents] of Object.entries(initial)) this.names.set(name, this.files.push(contents) - 1);
  }

  /** The folder as a program sees it. */
  list(): Record<string, Contents> {
    return Object.fromEntries([...this.names].map(([name, file]) => [name, this.files[file]!]));
  }

  private call(name: string): void {
    this.calls.push(name);
    if (this.fault(this.calls.length - 1, name)) throw Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' });
  }

  private rename(name: string, file: number | undefined): void {
    if (file === undefined) this.names.delete(name);
    else this.names.set(name, file);
    this.changes.push({ kind: 'name', name, file });
  }

  private async guarded<Result>(name: string, work: () => Result): Promise<Result> {
    await Promise.resolve();
    this.call(name);
    return work();
  }

  get fs(): FileSystem {
    const fs = {
      access: () => this.guarded('access', () => {}),
      stat: (path: string) => this.guarded('stat', () => {
        if (!this.names.has(posix.basename(path))) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
        return { isFile: () => true, mode: 0o100644 };
      }),
      readdir: () => Promise.resolve([...this.names.keys()]), // only to tidy up: no call that a write depends on
      realpath: (path: string) => this.guarded('realpath', () => path),
      rename: (from: string, to: string) => this.guarded('rename', () => {
        const file = this.names.get(posix.basename(from));
        this.names.delete(posix.basename(from));
        this.names.set(posix.basename(to), file!);
        // one change: a rename is atomic
        this.changes.push({ kind: 'name', name: `${posix.basename(from)}>${posix.basename(to)}`, file });
      }),
      rm: (path: string) => this.guarded('rm', () => this.rename(posix.basename(path), undefined)),
      open: (path: string, flags: string) => this.guarded(`open ${flags}`, () => (path === this.folder ? this.folderHandle() : this.fileHandle(posix.basename(path)))),
    };
    return fs as unknown as FileSystem;
  }

  private folderHandle(): object {
    return {
      sync: () => this.guarded('sync folder', () => void this.changes.push({ kind: 'syncFolder' })),
      close: () => this.guarded('close folder', () => {}),
    };
  }

  private fileHandle(name: string): object {
    const file = this.files.push('') - 1;
    this.rename(name, file);
    return {
      writeFile: (contents: Contents) => this.guarded('write', () => {
        // in two pieces, as a real one may
        for (const piece of [contents.slice(0, contents.length >> 1), contents]) {
          this.files[file] = piece;
          this.changes.push({ kind: 'write', file, contents: piece });
        }
      }),
      sync: () => this.guarded('sync', () => void this.changes.push({ kind: 'sync', file })),
      close: () => this.guarded('close', () => {}),
    };
  }

  /**
   * All states in which a disk may be found after the power went, given the first changes: what was synced is there; of the changes of names
   * after the last sync of the folder any number of the first ones; of contents that were not synced anything that was written, or nothing.
   */
  static *afterPowerLoss(initial: Readonly<Record<string, Contents>>, changes: readonly Change[]): Generator<Record<string, Contents>> {
    const namings = changes.filter(({ kind }) => kind === 'name').length;
    const lastSync = changes.findLastIndex(({ kind }) => kind === 'syncFolder');
    const sure = changes.slice(0, lastSync + 1).filter(({ kind }) => kind === 'name').length;
    for (let applied = sure; applied <= namings; applied++) {
      const names = new Map<string, number | Contents>(Object.entries(initial));
      for (const change of changes.filter((each) => each.kind === 'name').slice(0, applied)) {
        const [from, to] = change.name.split('>') as [string, string?];
        if (to === undefined && change.file === undefined) names.delete(from);
        else if (to === undefined) names.set(from, change.file!);
        else {
          names.delete(from);
          names.set(to, change.file!);
        }
      }
      yield* contentsOf([...names], changes);
    }
  }
}

/** Every combination of what each file may hold. */
function* contentsOf(names: readonly (readonly [string, number | Contents])[], changes: readonly Change[]): Generator<Record<string, Contents>> {
  const [first, ...rest] = names;
  if (!first) {
    yield {};
    return;
  }
  const [name, file] = first;
  for (const contents of typeof file === 'string' ? [file] : possible(file, changes)) {
    for (const others of contentsOf(rest, changes)) yield { ...others, [name]: contents };
  }
}

function possible(file: number, changes: readonly Change[]): Contents[] {
  const own = changes.filter((change) => (change.kind === 'write' || change.kind === 'sync') && change.file === file);
  const lastSync = own.findLastIndex(({ kind }) => kind === 'sync');
  const written = (list: readonly Change[]): Contents[] => list.flatMap((change) => (change.kind === 'write' ? [change.contents] : []));
  return [written(own.slice(0, lastSync + 1)).at(-1) ?? '', ...written(own.slice(lastSync + 1))];
}
