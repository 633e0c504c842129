import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LanewiseError } from '../../src/errors.js';
import type { ReportData } from '../../src/report/report-data.js';
import { renderReport } from '../../src/report/entry.node.js';
import { makeClassifier, makeEnvironment, makePredictor, makeReport } from './fixture.js';
import { assertWellFormed } from './well-formed.js';

/** What a reader reads: no tags, no styles, one space where there were many. */
function readable(page: string): string {
  return page
    .replace(/<style>.*?<\/style>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/[\s\u00a0]+/g, ' ');
}

function assertHolds(page: string, parts: readonly string[]): void {
  const text = readable(page);
  for (const part of parts) assert.ok(text.includes(part), `missing: ${part}`);
}

/** Like `assert.doesNotMatch`, with a message of a sane length. */
function assertLacks(page: string, pattern: RegExp): void {
  const match = pattern.exec(page);
  assert.ok(!match, match ? `found: ${page.slice(Math.max(0, match.index - 60), match.index + 60)}` : '');
}

function withClassifier(changes: Partial<ReturnType<typeof makeClassifier>>): ReportData {
  return { ...makeReport(), classifier: { ...makeClassifier(), ...changes } };
}

function withPredictor(changes: Partial<ReturnType<typeof makePredictor>>): ReportData {
  return { ...makeReport(), predictor: { ...makePredictor(), ...changes } };
}

describe('the report', () => {
  const page = renderReport(makeReport());

  it('is well-formed, its drawings included', () => assertWellFormed(page));

  it('is small', () => assert.ok(page.length < 1_000_000, `${page.length} characters`));

  it('is the same for the same data', () => assert.ok(renderReport(makeReport()) === page));

  it('loads nothing and runs nothing', () => {
    assertLacks(page.replace(/xmlns(:\w+)?="[^"]*"/g, ''), /https?:|url\(|@import/i);
    assertLacks(page, /<script|<iframe|<object|<embed|\son\w+="/i);
    const targets = [...page.matchAll(/\s(?:src|href|xlink:href)="([^"]*)"/g)].map(([, target = '']) => target);
    assert.ok(targets.length > 20);
    for (const target of targets) assert.match(target, /^(#|data:)/);
  });

  it('links only to places in itself', () => {
    const targets = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(targets, ['classifier', 'predictor']);
    for (const id of targets) assert.ok(page.includes(`id="${id}"`));
  });

  it('gives every picture words', () => {
    for (const [image] of page.matchAll(/<img [^>]*>/g)) assert.match(image, /alt="[^"]+"/);
    const described = [...page.matchAll(/<div role="img" aria-label="[^"]+"><svg /g)];
    assert.equal(described.length, 2 + 3 + 1 + 1 + 6); // accuracy and loss; signals; losses; bars; predictions
    assert.equal([...page.matchAll(/<svg /g)].length, described.length);
  });

  it('names the machine, the build and the times', () => {
    assertHolds(page, ['1.2.3', 'v20.19.0', 'linux x64', 'Some Processor 9000', '3, on 4 cores', 'strict', '2025-03-04 05:06 UTC']);
    assertHolds(page, ['9,380', '71.3 ms', '62.9 GFLOP/s', '11 min 42 s']);
  });
});

describe('the classifier in the report', () => {
  const page = renderReport({ ...makeReport(), predictor: undefined });

  it('shows the key figures', () => {
    assertHolds(page, ['92.58 %', 'train 97.65 %', '0.235', 'train 0.0812', '1,030,218', '4.49 GFLOP', '71.3 ms']);
  });

  it('gives parameters and operations (a) to (e)', () => {
    assertHolds(page, ['(a) The network has 1,030,218 parameters', '36,928', '991,360']);
    assertHolds(page, ['(b) Forward pass one image 5,842,432', '(c) Mini-batch 128 samples, forward and backward 2,243,493,888']);
    assertHolds(page, ['(d) Epoch 469 steps 1,051,637,760,000', '(e) Whole training 20 epochs 21,032,755,200,000']);
  });

  it('says why its count differs from the source’s, for that network only', () => {
    const note = '64 times that, 4,460,544, and 5,842,432 multiplications in all';
    assertHolds(page, ['3·3·11·11·64 = 69,696', note]);
    const [, ...others] = makeClassifier().layers;
    assert.ok(!readable(renderReport(withClassifier({ layers: others }))).includes('3·3·11·11·64'));
  });

  it('shows the samples and the mistakes', () => {
    assert.equal([...page.matchAll(/<img /g)].length, 20 + 2);
    assertHolds(page, ['T-shirt/top 98.76 % labelled Dress', 'T-shirt/top 98.76 % labelled Shirt']);
  });

  it('shows every count of the confusion matrix', () => {
    const cells = [...page.matchAll(/<td class="(?:hit|miss)[^>]*>([\d,]+)</g)].map(([, text]) => Number(text));
    assert.deepEqual(cells, makeClassifier().confusion.flat());
  });

  it('folds the figures of all epochs under the curves', () => {
    assertHolds(page, ['1 0.5000 90.00 % 0.6000 88.00 %', '20 0.0250 97.60 % 0.2200 91.80 %']);
  });

  it('warns of stand-in data, and only of them', () => {
    const synthetic = renderReport(withClassifier({ synthetic: true }));
    assertHolds(synthetic, ['Stand-in data: this is not Fashion-MNIST', 'must not be compared']);
    assert.match(synthetic, /class="banner"/);
    assertLacks(page, /class="banner"|[Ss]tand-in/);
  });

  it('refuses images of another size', () => {
    const samples = [{ pixels: new Uint8Array(783), label: 0 }];
    assert.throws(
      () => renderReport(withClassifier({ samples })),
      (error) => error instanceof LanewiseError && error.code === 'invalid-shape' && /783/.test(error.message),
    );
  });

  it('can do without samples and mistakes', () => {
    const bare = renderReport(withClassifier({ samples: [], mistakes: [] }));
    assertHolds(bare, ['No sample images.', 'No test image was taken for another.']);
    assertWellFormed(bare);
  });
});

describe('the predictor in the report', () => {
  const page = renderReport({ ...makeReport(), classifier: undefined });

  it('shows the key figures', () => {
    assertHolds(page, ['0.468', 'train 0.432', '3.7 % of the signals’ variance', '836', '76.6 MFLOP']);
  });

  it('gives parameters and operations (a) to (e)', () => {
    assertHolds(page, ['(a) The network has 836 parameters', '(b) Forward pass one sequence of 499 steps 399,200']);
    assertHolds(page, ['38,323,200', '(d) Epoch 3 steps 79,041,600', '(e) Whole training 5,000 epochs 395,208,000,000']);
  });

  it('explains the training loss by the erased signals', () => {
    assertHolds(page, ['one mask per sequence and holds it for all steps', 'a fifth of the training signals', '0.2 × 12.6 ≈ 2.5']);
    assertHolds(page, ['training, dropout on', 'training, dropout off', '0.2 × variance']);
  });

  it('says that losses compare when there was no input dropout', () => {
    const predictor = { ...makePredictor(), inputDropout: 0, cleanTrainLoss: undefined };
    const plain = renderReport({ ...makeReport(), classifier: undefined, predictor });
    assertHolds(plain, ['trained without dropout on its input']);
    assertLacks(readable(plain), /erased|training, dropout on|× variance/);
  });

  it('ranks the network among the baselines', () => {
    const table = readable(page).match(/Predictor Test loss Of the variance (.*?) Test loss when/)?.[1];
    const rows = ['AR(20) 0.0893 0.7 %', 'AR(10) 0.124 1.0 %', 'AR(4) 0.311 2.5 %', 'this network 0.468 3.7 %'];
    assert.equal(table, [...rows, 'persistence 6.17 49.0 %'].join(' '));
  });

  it('gives the error of each predicted signal', () => {
    const prediction = { row: 70, truth: [1, 2, 3, 4], predicted: [1, 2, 3, 6] };
    const one = renderReport(withPredictor({ predictions: [prediction] }));
    assertHolds(one, ['Signal 71 mean squared error 1.00']);
  });

  it('says what was made of the training samples, if anything was', () => {
    assert.ok(!page.includes('made of the training ones'));
    assert.match(renderReport({ ...makeReport(), predictor: { ...makePredictor(), augmentedSamples: 1056 } }), /Each epoch goes over 1,056 samples made of the training ones/);
  });

  it('says how far ahead it predicts', () => {
    assertHolds(page, ['predicts the next sample']);
    assertHolds(renderReport(withPredictor({ horizon: 5 })), ['predicts the sample 5 steps ahead']);
  });

  it('mentions calmly that signals were generated', () => {
    const synthetic = renderReport(withPredictor({ synthetic: true }));
    assertHolds(synthetic, ['The signals were generated by the definition']);
    assertLacks(synthetic, /class="banner"/);
    assertLacks(readable(page), /signals were generated/);
  });
});

describe('unusual reports', () => {
  it('may hold no network', () => {
    const page = renderReport({ title: 'Empty', createdAt: new Date(NaN), environment: makeEnvironment() });
    assertHolds(page, ['This report holds no network.', 'unknown date']);
    assertWellFormed(page);
  });

  it('may have no epochs', () => {
    const page = renderReport({
      ...withClassifier({ history: [], epochs: 0 }),
      predictor: { ...makePredictor(), history: [], cleanTrainLoss: [], epochs: 0 },
    });
    assert.equal([...page.matchAll(/No finite values were recorded/g)].length, 3);
    assertLacks(page, /NaN|Infinity|undefined/);
    assertWellFormed(page);
  });

  it('may have one epoch, which gets its dots', () => {
    const page = renderReport({ ...withClassifier({ history: makeClassifier().history.slice(0, 1) }), predictor: undefined });
    assert.equal([...page.matchAll(/<circle /g)].length, 4);
    assertLacks(page, /NaN|Infinity/);
    assertWellFormed(page);
  });

  it('may have diverged', () => {
    const page = renderReport({
      ...withClassifier({
        history: makeClassifier().history.map((epoch) => ({ ...epoch, loss: NaN, valLoss: epoch.epoch > 3 ? Infinity : 1 })),
        final: { trainLoss: NaN, trainAccuracy: 0.1, testLoss: Infinity, testAccuracy: 0.1 },
      }),
      predictor: {
        ...makePredictor(),
        final: { trainLoss: NaN, testLoss: NaN },
        predictions: [{ row: 0, truth: [1, 2], predicted: [NaN, NaN] }],
        signals: [{ row: 0, values: [NaN] }],
      },
    });
    assertHolds(page, ['Test loss not finite train not finite', 'mean squared error not finite', 'this network not finite']);
    assertLacks(page, /NaN|Infinity/);
    assertWellFormed(page);
  });

  it('escapes every string', () => {
    const hostile = `</style></title><script>alert("1")</script>&amp;'`;
    const data = makeReport();
    const classifier = makeClassifier();
    const predictor = makePredictor();
    const words = { name: hostile, preset: hostile, source: hostile, weightsSha256: hostile };
    const layers = [{ ...classifier.layers[0]!, name: hostile, type: hostile, detail: hostile }];
    const page = renderReport({
      ...data,
      title: hostile,
      environment: { ...data.environment, lanewise: hostile, runtime: hostile, platform: hostile, cpu: hostile },
      classifier: { ...classifier, ...words, layers, classNames: classifier.classNames.map(() => hostile) },
      predictor: { ...predictor, ...words, layers, baselines: [{ name: hostile, testLoss: 1 }] },
    });
    assertLacks(page, /<script/);
    assert.ok(readable(page).includes('<script>alert("1")</script>&amp;\''));
    assertWellFormed(page);
  });
});
