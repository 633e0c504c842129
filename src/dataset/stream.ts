import { LanewiseError } from '../errors.js';

/** What a dataset reads from: made anew for each pass. The number of the pass counts from 0; in `fit` it is that of the epoch. */
export type Source<Item> = (pass: number) => Iterable<Item> | AsyncIterable<Item>;

/** Items one after the other. `next` is not called again before its promise is settled, nor after `close`. */
export interface Stream<Item> {
  /** The next item; undefined at the end. Errors of the source pass through as they are. */
  next(): Promise<{ item: Item } | undefined>;
  /** Reaches the source at once, also while an item is waited for. */
  close(): Promise<void>;
}

/** The items of a source. Closed early, its iterator's `return` is called, once; one that has ended or thrown is closed already. */
export function open<Item>(source: Source<Item>, pass: number): Stream<Item> {
  const iterable: unknown = source(pass);
  const iterator = iteratorOf<Item>(iterable);
  let ended = false;
  return {
    async next() {
      if (ended) return undefined;
      try {
        const { done, value } = await iterator.next();
        ended ||= done === true;
        return done ? undefined : { item: await value };
      } catch (error) {
        ended = true;
        throw error;
      }
    },
    async close() {
      if (ended) return;
      ended = true;
      await iterator.return?.();
    },
  };
}

function iteratorOf<Item>(iterable: unknown): Iterator<Item, unknown> | AsyncIterator<Item, unknown> {
  if (typeof iterable === 'object' && iterable !== null) {
    if (Symbol.asyncIterator in iterable) return (iterable as AsyncIterable<Item>)[Symbol.asyncIterator]();
    if (Symbol.iterator in iterable) return (iterable as Iterable<Item>)[Symbol.iterator]();
  }
  throw new LanewiseError('invalid-argument', 'the source is not iterable', {
    where: 'dataset.fromIterable', expected: 'a function that gives an iterable or an async iterable', received: typeof iterable,
  });
}

/** Reads up to `count` items ahead, one at a time. Errors come where their item would have. */
export function readAhead<Item>(from: Stream<Item>, count: number): Stream<Item> {
  const ahead: ReturnType<Stream<Item>['next']>[] = [];
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const fill = (): void => {
    while (ahead.length < count) {
      const next = last.then(() => (closed ? undefined : from.next()));
      next.catch(() => {}); // it is thrown when its turn comes
      ahead.push(next);
      last = next;
    }
  };
  return {
    async next() {
      fill();
      const item = await ahead.shift()!;
      if (item) fill();
      return item;
    },
    close() {
      closed = true;
      return from.close();
    },
  };
}
