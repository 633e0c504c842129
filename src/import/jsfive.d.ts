/** The part of jsfive (https://github.com/usnistgov/jsfive), which has no types of its own, that is used here. */
declare module 'jsfive' {
  export class Group {
    readonly keys: string[];
    /** @throws text for what is not there; null for a link that leads nowhere */
    get(path: string): Group | Dataset | null;
  }
  export class File extends Group {
    constructor(buffer: ArrayBuffer, name?: string);
  }
  export class Dataset {
    readonly shape: number[];
    /** As numpy names it: `<f4`. */
    readonly dtype: unknown;
    readonly value: ArrayLike<unknown>;
  }
}
