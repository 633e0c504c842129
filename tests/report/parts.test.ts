import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32, inflateSync } from 'node:zlib';
import { LanewiseError } from '../../src/errors.js';
import { count, dateTime, duration, fixed, integer, metric, percent, shape, significant } from '../../src/report/format.js';
import { html, trusted } from '../../src/report/html.js';
import '../../src/report/entry.node.js';
import { barsPlot, curvesPlot } from '../../src/report/plots.js';
import { pngDataUri } from '../../src/report/png.js';
import { drawable, extent, integerTicks, logarithmicTicks, meanSquaredError, toBands } from '../../src/report/series.js';
import { assertWellFormed } from './well-formed.js';

describe('html', () => {
  it('escapes strings, in content and in attributes', () => {
    assert.equal(html`<p title="${`"'`}">${'<b>&'}</p>`.text, '<p title="&#34;&#39;">&#60;b&#62;&#38;</p>');
  });

  it('keeps HTML, joins arrays, leaves out false and undefined', () => {
    const items = ['<', '>'].map((item) => html`<li>${item}</li>`);
    assert.equal(html`${items}${false}${undefined}${0}${trusted('<hr />')}`.text, '<li>&#60;</li><li>&#62;</li>0<hr />');
  });
});

describe('formats', () => {
  it('separates thousands', () => {
    assert.equal(integer(21_032_755_200_000), '21,032,755,200,000');
    assert.equal(fixed(1234.567, 2), '1,234.57');
  });

  it('keeps three significant digits', () => {
    const values = [0, 0.24113, 0.04, 9.996, 12.6, 1234, -2.5, 0.00012345];
    const texts = ['0.00', '0.241', '0.0400', '10.0', '12.6', '1,234', '-2.50', '1.23e−4'];
    assert.deepEqual(values.map((value) => significant(value)), texts);
  });

  it('uses metric prefixes', () => {
    assert.equal(metric(4_486_987_776, 'FLOP'), '4.49\u00a0GFLOP');
    assert.equal(metric(0, 'FLOP'), '0.00\u00a0FLOP');
    assert.equal(metric(999_999, 'FLOP'), '1.00\u00a0MFLOP');
    assert.equal(metric(836, 'FLOP'), '836\u00a0FLOP');
  });

  it('gives durations, shares, shapes, counts and dates', () => {
    assert.deepEqual([8.44, 185, 8040].map(duration), ['8.4 s', '3 min 5 s', '2 h 14 min']);
    assert.equal(percent(0.9258), '92.6\u00a0%');
    assert.equal(shape([28, 28, 1]), '28 × 28 × 1');
    assert.deepEqual([count(1, 'epoch'), count(2000, 'epoch')], ['one epoch', '2,000 epochs']);
    assert.equal(dateTime(new Date('2025-03-04T05:06:07Z')), '2025-03-04 05:06 UTC');
  });

  it('says what is not finite', () => {
    for (const format of [integer, significant, percent, duration, (value: number) => metric(value, 'B')]) {
      assert.equal(format(NaN), 'not finite');
      assert.equal(format(-Infinity), 'not finite');
    }
  });
});

describe('png', () => {
  it('holds the pixels', () => {
    const pixels = Uint8Array.from([0, 50, 100, 150, 200, 255]);
    const file = Buffer.from(pngDataUri(pixels, 3, 2).replace('data:image/png;base64,', ''), 'base64');
    assert.deepEqual([...file.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    assert.equal(file.toString('latin1', 12, 16), 'IHDR');
    assert.deepEqual([file.readUInt32BE(16), file.readUInt32BE(20), file[24], file[25]], [3, 2, 8, 0]);
    const data = 33; // after the signature and the header's chunk of 13 bytes
    assert.equal(file.toString('latin1', data + 4, data + 8), 'IDAT');
    const rows = inflateSync(file.subarray(data + 8, data + 8 + file.readUInt32BE(data)));
    assert.deepEqual([...rows], [0, 0, 50, 100, 0, 150, 200, 255]);
    // The chunk without content that ends every PNG, and its well-known checksum.
    assert.equal(file.subarray(-12).toString('hex'), '0000000049454e44ae426082');
  });

  it('holds more pixels than one block of deflate', () => {
    const pixels = Uint8Array.from({ length: 300 * 300 }, (_, index) => index % 251);
    const file = Buffer.from(pngDataUri(pixels, 300, 300).replace('data:image/png;base64,', ''), 'base64');
    const rows = inflateSync(file.subarray(41, 41 + file.readUInt32BE(33)));
    assert.deepEqual(rows.filter((_, index) => index % 301 !== 0), Buffer.from(pixels));
    assert.equal(file.readUInt32BE(41 + file.readUInt32BE(33)), crc32(file.subarray(37, 41 + file.readUInt32BE(33))));
  });

  it('refuses a size that does not fit', () => {
    for (const [length, width, height] of [[5, 3, 2], [0, 0, 0]] as const) {
      assert.throws(() => pngDataUri(new Uint8Array(length), width, height), LanewiseError);
    }
  });
});

describe('series', () => {
  it('leaves out what cannot be drawn', () => {
    const points = [NaN, Infinity, 0, -1, 2].map((y, x) => ({ x, y }));
    assert.deepEqual(drawable(points, false).map(({ y }) => y), [0, -1, 2]);
    assert.deepEqual(drawable(points, true).map(({ y }) => y), [2]);
  });

  it('keeps a short curve and joins a long one, extremes included', () => {
    const curve = (length: number) => Array.from({ length }, (_, x) => ({ x, y: (x * 7919) % 1000 }));
    assert.deepEqual(toBands(curve(200)).map(({ x, y }) => ({ x, y })), curve(200));
    const bands = toBands(curve(5000));
    assert.equal(bands.length, 200);
    assert.equal(Math.max(...bands.map(({ high }) => high)), 999);
    assert.equal(Math.min(...bands.map(({ low }) => low)), 0);
    for (const { low, y, high } of bands) assert.ok(low <= y && y <= high);
    assert.deepEqual(toBands([]), []);
  });

  it('finds round ticks', () => {
    assert.deepEqual(integerTicks(1, 20), [5, 10, 15, 20]);
    assert.deepEqual(integerTicks(1, 3), [1, 2, 3]);
    assert.deepEqual(integerTicks(1, 1), [1]);
    assert.deepEqual(integerTicks(1, 5000), [1000, 2000, 3000, 4000, 5000]);
    assert.deepEqual(logarithmicTicks(0.4, 11), [0.5, 1, 2, 5, 10]);
    assert.deepEqual(logarithmicTicks(0.004, 11), [0.01, 0.1, 1, 10]);
  });

  it('measures', () => {
    assert.equal(extent([]), undefined);
    assert.deepEqual(extent([3, -1, 2]), [-1, 3]);
    assert.equal(meanSquaredError([1, 2], [2, 4]), 2.5);
    assert.ok(Number.isNaN(meanSquaredError([1, 2], [1])));
  });
});

describe('plots', () => {
  const points = [1, 2, 3].map((x) => ({ x, y: x / 4 }));

  it('draw a line for every curve', () => {
    const curves = [{ label: 'a <b>', role: 'train' as const, points }, { label: 'c', role: 'test' as const, points }];
    const { text } = curvesPlot(curves, { description: 'x < y & "z"', xLabel: 'epoch', yLabel: 'loss' });
    assert.equal([...text.matchAll(/<path [^>]*d="M[\d.]+,[\d.]+(L[\d.]+,[\d.]+){2}"/g)].length, 2);
    assert.match(text, /stroke="var\(--train\)"/);
    assertWellFormed(text);
  });

  it('show a curve that never changes, and a single decade', () => {
    const flat = points.map(({ x }) => ({ x, y: 0 }));
    for (const logarithmic of [false, true]) {
      const curves = [{ label: 'a', role: 'train' as const, points: logarithmic ? [{ x: 1, y: 3 }] : flat }];
      const { text } = curvesPlot(curves, { description: 'd', xLabel: 'epoch', yLabel: 'loss', logarithmic });
      assert.match(text, /<circle /);
      assert.doesNotMatch(text, /NaN|Infinity/);
    }
  });

  it('give every bar its value, in proportion', () => {
    const bars = [1, 4, NaN].map((value, index) => ({ label: `bar ${index}`, value, own: index === 0 }));
    const { text } = barsPlot(bars, 'bars');
    const [marks = ''] = text.match(/<g aria-label="bar".*?<\/g>/s) ?? [];
    const widths = [...marks.matchAll(/\swidth="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.equal(widths.length, 3);
    assert.ok(Math.abs(widths[1]! / widths[0]! - 4) < 1e-9);
    assert.equal(widths[2], 0);
    for (const value of ['1.00', '4.00', 'not finite']) assert.ok(text.includes(`>${value}<`));
  });
});
