import type { JsonRecord } from '../json.js';
import { requireCount, requirePositiveInteger, requireSeed } from '../options.js';
import { Purpose, RandomStream } from '../random.js';
import type { Batched } from './collate.js';
import { collate } from './collate.js';
import type { Stream } from './stream.js';
import { readAhead } from './stream.js';

/** Where an item stands: what random numbers of one's own should hang on, so that a training that is resumed sees the same. */
export interface Position {
  /** The pass over the data, from 0: in `fit` the epoch. */
  readonly pass: number;
  /** Items before this one in the pass. */
  readonly index: number;
}

export interface ShuffleOptions {
  /** A whole number from 0 to 2^53 - 1; default 0. */
  seed?: number;
  /** Whether each pass has an order of its own, as in Keras. Default true. */
  reshuffleEachIteration?: boolean;
}

export interface BatchOptions {
  /** Whether a last batch that is short is left out. Default false. */
  dropRemainder?: boolean;
}

interface Plan<Item> {
  open: (pass: number) => Stream<Item>;
  /** Items of a pass: Infinity if it never ends, undefined if that is not known. */
  size: number | undefined;
  /** What makes the items what they are, as far as it can be said. */
  config: readonly JsonRecord[];
}

/**
 * Items that are read one after the other, and made on the way: they need not fit in memory. A dataset is a recipe; each pass over it begins at the
 * source anew, and what a pass gives depends on the source, the seeds and the number of the pass alone.
 */
export class Dataset<Item> implements AsyncIterable<Item> {
  /** Items of a pass: Infinity if it never ends, undefined if that is not known. */
  readonly size: number | undefined;
  /** What checkpoints compare. @internal */
  readonly config: readonly JsonRecord[];
  /** Begins a pass. @internal */
  readonly open: (pass: number) => Stream<Item>;

  /** @internal */
  constructor({ open, size, config }: Plan<Item>) {
    this.open = open;
    this.size = size;
    this.config = config;
  }

  /** Each item as a function makes it, which may be async; one is made at a time. */
  map<Made>(make: (item: Item, position: Position) => Made | Promise<Made>): Dataset<Made> {
    return this.derive({ op: 'map' }, (size) => size, (from, pass) => {
      let index = 0;
      return { ...from, next: async () => {
        const found = await from.next();
        return found && { item: await make(found.item, { pass, index: index++ }) };
      } };
    });
  }

  /** Items put together, `size` at a time: see `Batched`. @throws LanewiseError `invalid-argument` */
  batch(size: number, { dropRemainder = false }: BatchOptions = {}): Dataset<Batched<Item>> {
    requirePositiveInteger(size, 'size', 'batch');
    const batches = (items: number): number => (dropRemainder ? Math.floor(items / size) : Math.ceil(items / size));
    return this.derive({ op: 'batch', size, dropRemainder }, batches, (from) => {
      let index = 0;
      return { ...from, next: async () => {
        const items: Item[] = [];
        for (let found; items.length < size && (found = await from.next()); ) items.push(found.item);
        return items.length === 0 || (dropRemainder && items.length < size) ? undefined : { item: collate(items, `batch ${index++}`) };
      } };
    });
  }

  /**
   * In an order by chance: each item is drawn from the next `bufferSize`, which are kept in memory. A buffer as large as the data shuffles them
   * evenly. @throws LanewiseError `invalid-argument`
   */
  shuffle(bufferSize: number, { seed = 0, reshuffleEachIteration = true }: ShuffleOptions = {}): Dataset<Item> {
    requirePositiveInteger(bufferSize, 'bufferSize', 'shuffle');
    requireSeed(seed, 'shuffle');
    return this.derive({ op: 'shuffle', bufferSize, seed, reshuffleEachIteration }, (size) => size, (from, pass) => {
      const random = new RandomStream(seed, Purpose.shuffle, reshuffleEachIteration ? pass : 0);
      const buffer: Item[] = [];
      let ended = false;
      return { ...from, next: async () => {
        while (!ended && buffer.length < bufferSize) {
          const found = await from.next();
          if (found) buffer.push(found.item);
          else ended = true;
        }
        if (buffer.length === 0) return undefined;
        const drawn = random.integer(buffer.length);
        const item = buffer[drawn]!;
        buffer[drawn] = buffer.at(-1)!;
        buffer.pop();
        return { item };
      } };
    });
  }

  /** Makes up to `count` items before they are asked for, while the model is at its step or waits for others. @throws LanewiseError `invalid-argument` */
  prefetch(count: number): Dataset<Item> {
    requirePositiveInteger(count, 'count', 'prefetch');
    return new Dataset({ ...this, open: (pass) => readAhead(this.open(pass), count) });
  }

  /** The first `count`. @throws LanewiseError `invalid-argument` */
  take(count: number): Dataset<Item> {
    requireCount(count, 'count', 'take');
    return this.derive({ op: 'take', count }, (size) => Math.min(size, count), (from) => {
      let left = count;
      return { ...from, next: async () => {
        if (left-- > 0) return from.next();
        await from.close();
        return undefined;
      } };
    });
  }

  /** All but the first `count`, which are read all the same. @throws LanewiseError `invalid-argument` */
  skip(count: number): Dataset<Item> {
    requireCount(count, 'count', 'skip');
    return this.derive({ op: 'skip', count }, (size) => Math.max(0, size - count), (from) => {
      let left = count;
      return { ...from, next: async () => {
        while (left > 0 && (await from.next())) left--;
        return from.next();
      } };
    });
  }

  /** The items `count` times over, by default without end: each time is a pass of its own. @throws LanewiseError `invalid-argument` */
  repeat(count = Infinity): Dataset<Item> {
    if (count !== Infinity) requireCount(count, 'count', 'repeat');
    const size = this.size === undefined && count === Infinity ? Infinity : this.size && this.size * count;
    const open = (pass: number): Stream<Item> => {
      let [time, from, any] = [0, undefined as Stream<Item> | undefined, false];
      const begin = (): Stream<Item> => this.open(count === Infinity ? pass + time : pass * count + time);
      return {
        async next() {
          for (; time < count; time++) {
            from ??= begin();
            const found = await from.next();
            any ||= found !== undefined;
            if (found) return found;
            from = undefined;
            if (!any) time = count; // nothing, however often
          }
          return undefined;
        },
        close: async () => from?.close(),
      };
    };
    return new Dataset({ open, size, config: [...this.config, { op: 'repeat', count: count === Infinity ? null : count }] });
  }

  /** The items of one pass, the first. */
  [Symbol.asyncIterator](): AsyncIterator<Item, undefined> {
    const stream = this.open(0);
    const end = { done: true, value: undefined } as const;
    return {
      async next() {
        try {
          const found = await stream.next();
          return found ? { value: found.item } : end;
        } catch (error) {
          await stream.close().catch(() => {}); // the first error is the one to tell
          throw error;
        }
      },
      async return() {
        await stream.close();
        return end;
      },
    };
  }

  private derive<Made>(step: JsonRecord, sizeOf: (size: number) => number, work: (from: Stream<Item>, pass: number) => Stream<Made>): Dataset<Made> {
    const { open, size, config } = this;
    return new Dataset({ open: (pass) => work(open(pass), pass), size: size === undefined ? undefined : sizeOf(size), config: [...config, step] });
  }
}
