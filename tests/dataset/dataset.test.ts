/** Datasets by themselves: what each operation gives, how far it reads, and that sources are closed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dataset } from '../../src/entry.node.js';
import type { Dataset } from '../../src/entry.node.js';
import { randomTensor, refused } from '../model/helpers.js';

async function all<Item>(of: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of of) items.push(item);
  return items;
}

/** Numbers from 0, with a record of how many were read and how often a pass was closed early. */
function numbers(count: number): { data: Dataset<number>; seen: { read: number; closed: number; passes: number[] } } {
  const seen = { read: 0, closed: 0, passes: [] as number[] };
  const data = dataset.fromIterable(async function* (pass) {
    seen.passes.push(pass);
    let whole = false;
    try {
      for (let i = 0; i < count; i++) {
        seen.read++;
        await Promise.resolve();
        yield i;
      }
      whole = true;
    } finally {
      if (!whole) seen.closed++;
    }
  });
  return { data, seen };
}

describe('a dataset', () => {
  it('reads a sync or an async iterable, anew in each pass', async () => {
    const list = dataset.fromIterable(() => [1, 2, 3]);
    assert.deepEqual([await all(list), await all(list)], [[1, 2, 3], [1, 2, 3]]);
    assert.deepEqual(await all(numbers(4).data), [0, 1, 2, 3]);
    assert.deepEqual(await all(dataset.fromIterable(() => [Promise.resolve(5)])), [5]);
  });

  it('maps, takes, skips and repeats', async () => {
    const { data, seen } = numbers(5);
    assert.deepEqual(await all(data.map((n, { pass, index }) => Promise.resolve(`${n} ${pass} ${index}`)).skip(3)), ['3 0 3', '4 0 4']);
    assert.deepEqual(await all(data.take(2)), [0, 1]);
    assert.equal(seen.closed, 1);
    assert.deepEqual(await all(data.skip(9)), []);
    assert.deepEqual(await all(data.take(0)), []);
    seen.passes.length = 0;
    assert.deepEqual(await all(data.take(2).repeat(3)), [0, 1, 0, 1, 0, 1]);
    assert.deepEqual(seen.passes, [0, 1, 2]);
    assert.deepEqual(await all(data.repeat().take(7)), [0, 1, 2, 3, 4, 0, 1]);
    assert.deepEqual(await all(numbers(0).data.repeat()), []);
    assert.deepEqual(await all(data.repeat(0)), []);
  });

  it('knows its size where it can', () => {
    const rows = dataset.fromArrays(randomTensor([10, 2], 1));
    const sizes = [rows, rows.batch(3), rows.batch(3, { dropRemainder: true }), rows.take(4), rows.skip(4), rows.repeat(2), rows.repeat(), rows.shuffle(3).prefetch(2)];
    assert.deepEqual(sizes.map(({ size }) => size), [10, 4, 3, 4, 6, 20, Infinity, 10]);
    assert.equal(numbers(3).data.size, undefined);
    assert.equal(numbers(3).data.repeat().take(2).size, 2);
  });

  it('shuffles within its buffer: every item once, by seed and pass alone', async () => {
    const { data } = numbers(50);
    const shuffled = data.shuffle(8, { seed: 3 });
    const items = await all(shuffled);
    assert.deepEqual(await all(shuffled), items);
    assert.notDeepEqual(items, await all(data));
    assert.notDeepEqual(items, await all(data.shuffle(8, { seed: 4 })));
    assert.deepEqual([...items].sort((a, b) => a - b), await all(data));
    items.forEach((item, place) => assert.ok(item < place + 8, `${item} at ${place}`));
    const twice = await all(shuffled.repeat(2));
    assert.deepEqual(twice.slice(0, 50), items);
    assert.notDeepEqual(twice.slice(50), items);
    assert.deepEqual(await all(data.shuffle(8, { seed: 3, reshuffleEachIteration: false }).repeat(2)), [...items, ...items]);
    assert.deepEqual(await all(data.shuffle(1)), await all(data));
  });

  it('puts items in batches, in every place of them', async () => {
    const items = [1, 2, 3].map((n) => ({ xs: { data: Uint8Array.of(n, n), shape: [2] }, ys: n, more: [[n], { data: Float64Array.of(n), shape: [1, 1] }] as const }));
    const [first, last] = await all(dataset.fromIterable(() => items).batch(2));
    assert.deepEqual(first, {
      xs: { data: Uint8Array.of(1, 1, 2, 2), shape: [2, 2] }, ys: { data: Float32Array.of(1, 2), shape: [2] },
      more: [{ data: Float32Array.of(1, 2), shape: [2, 1] }, { data: Float64Array.of(1, 2), shape: [2, 1, 1] }],
    });
    assert.deepEqual(last!.xs, { data: Uint8Array.of(3, 3), shape: [1, 2] });
    assert.equal((await all(dataset.fromIterable(() => items).batch(2, { dropRemainder: true }))).length, 1);
  });

  it('refuses items that do not fit in one batch, by place', async () => {
    const batch = (...items: unknown[]): Promise<unknown> => all(dataset.fromIterable(() => items).batch(2));
    await assert.rejects(batch({ xs: [1, 2] }, { xs: [1, 2] }, { xs: [1, 2] }, { xs: [1, 2, 3] }), refused('invalid-shape', /batch 1.xs, row 1.*expected \[2\], received \[3\]/));
    await assert.rejects(batch({ xs: [1] }, { ys: [1] }), refused('invalid-shape', /expected xs, received ys/));
    await assert.rejects(batch({ data: Uint8Array.of(1), shape: [1] }, [1]), refused('invalid-argument', /different types.*Uint8Array, received Float32Array/));
    await assert.rejects(batch('a', 'b'), refused('invalid-argument', /received string/));
  });

  it('takes rows of arrays as they were when it was made', async () => {
    const [x, y] = [randomTensor([3, 2], 1), { data: Uint8Array.of(0, 1, 2), shape: [3] }];
    const [xs, ys] = [x.data.slice(), y.data.slice()];
    const data = dataset.fromArrays(x, y).batch(3);
    x.data.fill(NaN);
    y.data.fill(9);
    assert.deepEqual(await all(data), [{ xs: { data: xs, shape: [3, 2] }, ys: { data: ys, shape: [3] } }]);
    assert.throws(() => dataset.fromArrays(x, { data: Uint8Array.of(1), shape: [1] }), refused('invalid-shape', /3 targets, received 1/));
  });

  it('refuses numbers out of range, and what is no source', async () => {
    const { data } = numbers(3);
    for (const bad of [0, -1, 1.5, NaN]) {
      for (const call of [() => data.batch(bad), () => data.shuffle(bad), () => data.prefetch(bad)]) assert.throws(call, refused('invalid-argument'));
    }
    for (const bad of [-1, 1.5, NaN]) {
      for (const call of [() => data.take(bad), () => data.skip(bad), () => data.repeat(bad), () => data.shuffle(2, { seed: bad })]) assert.throws(call, refused('invalid-argument'));
    }
    assert.throws(() => dataset.fromIterable([1, 2] as never), refused('invalid-argument', /function/));
    await assert.rejects(all(dataset.fromIterable(() => 5 as never)), refused('invalid-argument', /not iterable/));
  });
});

describe('prefetch', () => {
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

  it('keeps at most so many items ahead, and changes none', async () => {
    for (const ahead of [1, 3]) {
      const { data, seen } = numbers(10);
      let taken = 0;
      for await (const item of data.prefetch(ahead)) {
        assert.equal(item, taken++);
        await turn();
        assert.equal(seen.read, Math.min(10, taken + ahead));
      }
      assert.equal(taken, 10);
    }
  });

  it('tells an error where its item would have come', async () => {
    const failure = new Error('mine');
    const { data, seen } = numbers(10);
    const failing = data.map((n) => { if (n === 2) throw failure; return n; }).prefetch(4);
    const items: number[] = [];
    await assert.rejects(async () => { for await (const item of failing) { items.push(item); await turn(); } }, (error) => error === failure);
    assert.deepEqual([items, seen.closed, seen.read], [[0, 1], 1, 3]);
  });
});

describe('a source', () => {
  const chain = (data: Dataset<number>): Dataset<unknown> => data.map((n) => [n]).shuffle(3).batch(2).repeat().prefetch(2);

  it('is closed when a pass is left, or an operation fails', async () => {
    const { data, seen } = numbers(100);
    for await (const item of chain(data)) if (item) break;
    assert.equal(seen.closed, 1);
    const failure = new Error('mine');
    await assert.rejects(all(data.map(() => Promise.reject(failure)).batch(2)), (error) => error === failure);
    assert.equal(seen.closed, 2);
  });

  it('that fails passes its error through, and is not closed again', async () => {
    const failure = new Error('mine');
    let returned = 0;
    const iterator = { next: () => Promise.reject(failure), return: () => { returned++; return Promise.resolve({ done: true as const, value: undefined }); } };
    await assert.rejects(all(chain(dataset.fromIterable<number>(() => ({ [Symbol.asyncIterator]: () => iterator })))), (error) => error === failure);
    assert.equal(returned, 0);
  });
});
