import type { DownloadProgress } from '../../data/fashion-mnist.js';
import { formatShape } from '../../tensor/shape.js';
import { Bar } from './bar.js';
import { printable } from '../failure.js';
import type { DoneEvent, EpochEvent, Output, StartDetails, StartEvent } from './output.js';
import { standInBanner } from './stand-in.js';
import type { Streams } from '../streams.js';
import { count, duration, fixed, percent, table, whole } from '../../text.js';
import { VERSION } from '../version.js';

/** A longer run shows about `EPOCH_LINES` lines, and one bar for all epochs instead of one for each. */
const MANY_EPOCHS = 40;
const EPOCH_LINES = 20;

/** For people: what is trained on what, a line an epoch, the result. Bars only on a terminal. */
export class TextOutput implements Output {
  private readonly bar: Bar;
  private run: StartEvent | undefined;
  private downloading = false;

  constructor(private readonly streams: Streams) {
    this.bar = new Bar(streams.stderr);
  }

  standIn(reason: string): void {
    this.bar.clear();
    this.streams.stderr.write(`${standInBanner(reason)}\n`);
  }

  download({ received, total }: DownloadProgress): void {
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
    if (!this.downloading) this.write(`Downloading Fashion-MNIST, ${megabytes(total)} MB`);
    this.downloading = true;
    this.bar.show('{bar} {megabytes} MB, {eta_formatted} left', received, total, { megabytes: `${megabytes(received)}/${megabytes(total)}` });
  }

  start(event: StartEvent, details: StartDetails): void {
    this.run = event;
    const { model, preset, parameters, data, threads, build, horizon = 1, training, resumed } = event;
    const task = [model, `preset ${preset}`, training && `seed ${training.seed}`, horizon > 1 && `${horizon} samples ahead`].filter(Boolean);
    const rows = [
      ['Network', `${task.join(', ')}: ${whole(parameters)} parameters`],
      ['Data', printable(data.source)],
      ['', `${training ? `${count(data.train, details.noun)} for training, ` : ''}${count(data.test, details.noun)} for the test`],
      ['Engine', `lanewise ${VERSION}, WebAssembly SIMD, ${build} build, ${count(threads, 'thread')}`],
    ];
    if (training) rows.push(['Training', describeTraining(training, data.train, details.noun)]);
    if (resumed) rows.push(['Resumed', `after step ${whole(resumed.step)}, in epoch ${whole(resumed.epoch)}`]);
    this.write(...rows.map(([name, value]) => `${name!.padEnd(8)}  ${value}`));
    if (training) this.write('', ...architecture(details), '', this.epochHeading());
  }

  step(epoch: number, step: number, loss: number): void {
    const { epochs, stepsPerEpoch } = this.requireTraining();
    if (epochs > MANY_EPOCHS) return;
    const payload = { epoch: String(epoch).padStart(String(epochs).length), loss: fixed(loss) };
    this.bar.show(`${epochs > 1 ? `{epoch}/${epochs} ` : ''}{bar} step {value}/{total}, loss {loss}, {eta_formatted}`, step, stepsPerEpoch, payload);
  }

  epoch(event: EpochEvent): void {
    const { epochs } = this.requireTraining();
    const { epoch, loss } = event;
    if (epochs <= MANY_EPOCHS || epoch === 1 || epoch === epochs || epoch % Math.ceil(epochs / EPOCH_LINES) === 0) {
      this.bar.clear();
      this.write(this.epochLine(event));
    }
    if (epochs > MANY_EPOCHS && epoch < epochs) this.bar.show('{bar} epoch {value}/{total}, loss {loss}, {eta_formatted} left', epoch, epochs, { loss: fixed(loss) });
  }

  private epochHeading(): string {
    const { epochs } = this.requireTraining();
    const accuracy = this.requireRun().model === 'fashion-mnist';
    return cells(['epoch'.padStart(epochCell(epochs, epochs).length), 'loss', ...(accuracy ? ['accuracy'] : []), 'test loss', ...(accuracy ? ['test acc.'] : []), 'seconds', 'ms/step']);
  }

  private epochLine({ epoch, loss, accuracy, valLoss, valAccuracy, seconds, stepMs }: EpochEvent): string {
    return cells([
      epochCell(epoch, this.requireTraining().epochs), fixed(loss), ...(accuracy === undefined ? [] : [percent(accuracy)]),
      fixed(valLoss), ...(valAccuracy === undefined ? [] : [percent(valAccuracy)]), seconds.toFixed(seconds < 1 ? 3 : 1), stepMs.toFixed(1),
    ]);
  }

  status(text: string): void {
    this.bar.text(text);
  }

  done({ trainLoss, trainAccuracy, testLoss, testAccuracy, seconds, weightsSha256, weights, report }: DoneEvent): void {
    this.bar.clear();
    const { data } = this.requireRun();
    const result = (name: string, loss: number, accuracy: number | undefined): string =>
      `${name.padEnd(8)}  loss ${fixed(loss)}${accuracy === undefined ? '' : `, accuracy ${percent(accuracy)}`}`;
    this.write('');
    if (trainLoss !== undefined) this.write(`${result('Training', trainLoss, trainAccuracy)}  (after training, dropout off)`);
    this.write(`${result('Test', testLoss, testAccuracy)}${data.synthetic && testAccuracy !== undefined ? '  (stand-in data: not Fashion-MNIST)' : ''}`);
    this.write(`Time      ${duration(seconds)}${trainLoss === undefined ? '' : ' of training'}`, `Weights   SHA-256 ${weightsSha256}`);
    if (weights !== undefined) this.write(`Saved     ${printable(weights)}`);
    if (report !== undefined) this.write(`Report    ${printable(report)}`);
    this.write('');
  }

  report(file: string): void {
    this.bar.clear();
    this.write(`Report    ${printable(file)}`);
  }

  clear(): void {
    this.bar.clear();
  }

  private write(...lines: string[]): void {
    this.streams.stdout.write(`${lines.join('\n')}\n`);
  }

  private requireRun(): StartEvent {
    if (!this.run) throw new Error('no run has started'); // a defect of ours
    return this.run;
  }

  private requireTraining(): TrainingFacts {
    const { training } = this.requireRun();
    if (!training) throw new Error('no training has started'); // a defect of ours
    return training;
  }
}

type TrainingFacts = NonNullable<StartEvent['training']>;

function describeTraining({ epochs, batchSize, stepsPerEpoch, optimizer, sampler }: TrainingFacts, rows: number, noun: string): string {
  return `${count(epochs, 'epoch')} of ${count(stepsPerEpoch, 'step')}, ${count(Math.min(batchSize, rows), noun)} a step; ${optimizer}${sampler ? `; ${sampler}` : ''}`;
}

function architecture({ summary, noun }: StartDetails): string[] {
  const rows = summary.layers.map(({ name, detail, outputShape, parameters }) => [name, detail, formatShape(outputShape), parameters > 0 ? whole(parameters) : '']);
  const { multiplications, additions } = summary.forward;
  return [
    ...table([['Layer', '', 'Output', 'Parameters'], ...rows], 3),
    `A forward pass of one ${noun}: ${whole(multiplications)} multiplications, ${whole(additions)} additions.`,
  ];
}

const epochCell = (epoch: number, epochs: number): string => `${epoch}/${epochs}`.padStart(Math.max(5, 2 * String(epochs).length + 1));

const cells = ([first, ...others]: readonly string[]): string => [first, ...others.map((cell) => cell.padStart(10))].join(' ');
