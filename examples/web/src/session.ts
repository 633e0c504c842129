/** One task on the page: its data, its network in training, the runs before, and what is shown of them. */
import { Client } from './client.js';
import { environmentOf } from './lib/environment.js';
import { download, fetchIdx, readDataFile } from './lib/files.js';
import * as storage from './lib/storage.js';
import { pushThinned, TrackBuilder } from './lib/track.js';
import { defaultSettings, PRESETS } from './networks.js';
import type { DataInfo, DataSource, Forecast, Judgement, Message, Progress, Settings, Sight, Task } from './protocol.js';
import { FILE, newRun, type Run } from './run.js';

export type Status = 'loading' | 'ready' | 'training' | 'pausing' | 'paused' | 'done' | 'failed';

export interface Notice {
  text: string;
  kind: 'info' | 'error';
}

/** The last state of a network: enough to go on from after a reload. */
interface Latest {
  run: Run;
  bytes: Uint8Array<ArrayBuffer>;
}

/** While training, the state is stored this often, in milliseconds. */
const STORE_EVERY = 6000;

export class Session {
  status: Status = 'loading';
  settings: Settings;
  data: DataInfo | undefined;
  run: Run | undefined;
  /** All runs but the present one, newest first. */
  earlier: Run[] = [];
  judgement: Judgement | undefined;
  sight: Sight | undefined;
  forecast: Forecast | undefined;
  picture: { pixels: Uint8Array; label?: number } | undefined;
  row = 0;
  notice: Notice | undefined;
  /** When the state was last stored. */
  storedAt: Date | undefined;

  private readonly client: Client;
  private builder: TrackBuilder | undefined;
  private lastStored = 0;
  private storing: Promise<void> = Promise.resolve();
  private preparing = 0;
  /** What is being made: a file that is opened waits for it, to have a state to go back to. */
  private making: Promise<unknown>;
  /** Whether training goes on when the network for another horizon is ready. */
  private goesOn = false;

  constructor(
    readonly task: Task,
    private readonly changed: () => void,
  ) {
    this.settings = defaultSettings(task);
    this.client = new Client(task, (message) => this.receive(message), (error) => this.fail(error));
    this.making = this.begin().catch((error: unknown) => this.fail(textOf(error)));
  }

  /** Brings back what was stored, or makes a new network. */
  private async begin(): Promise<void> {
    const [runs, latest, stored] = await Promise.all([
      storage.getAll<Run>('runs'), storage.get<Latest>('latest', this.task), storage.get<DataSource>('data', this.task),
    ]).catch((): [Run[], undefined, undefined] => [[], undefined, undefined]); // a browser that stores nothing is no reason to fail
    this.earlier = runs.filter(({ task, id }) => task === this.task && id !== latest?.run.id).sort((a, b) => b.number - a.number);
    await this.takeData(stored ?? { kind: 'generated' });
    if (latest && latest.run.data === this.data?.source) {
      try {
        await this.goOn(latest);
        return;
      } catch (error) {
        this.notify(`The run of your last visit could not go on. ${textOf(error)}`, 'error');
      }
    }
    await this.prepare();
  }

  private async goOn({ run, bytes }: Latest): Promise<void> {
    this.settings = run.settings;
    const { info, baselines } = await this.client.ask({ type: 'prepare', settings: run.settings, bytes });
    this.adopt({ ...run, info, baselines });
    this.status = run.done ? 'done' : 'paused';
    await this.samplePicture();
    this.notify(run.done ? 'Your last run is back.' : 'Your last run is back, paused where it was.');
  }

  private adopt(run: Run): void {
    this.run = run;
    this.builder = new TrackBuilder(run.train);
    this.changed();
  }

  private async takeData(source: DataSource): Promise<void> {
    this.status = 'loading';
    this.changed();
    this.data = await this.client.ask({ type: 'data', source });
    this.changed();
  }

  /** Makes a network of the settings, untrained, or of a file. Whether that went well. */
  prepare(options: { bytes?: Uint8Array<ArrayBuffer>; keepWeights?: boolean } = {}): Promise<boolean> {
    const made = this.make(options);
    this.making = made;
    return made;
  }

  private async make(options: { bytes?: Uint8Array<ArrayBuffer>; keepWeights?: boolean }): Promise<boolean> {
    const turn = ++this.preparing;
    this.status = 'loading';
    this.changed();
    try {
      const { info, baselines, step, epoch, notes } = await this.client.ask({ type: 'prepare', settings: this.settings, ...options });
      if (turn !== this.preparing) return true; // a later wish has overtaken this one
      const before = this.run;
      if (before && before.step > 0 && !this.earlier.includes(before)) this.earlier.unshift(before);
      const stored = notes['run'];
      if (notes['settings']) this.settings = JSON.parse(notes['settings']) as Settings;
      const number = Math.max(0, ...this.earlier.map((run) => run.number)) + 1;
      const run = newRun(this.task, number, this.settings, this.data!.source, info, baselines);
      const { keepWeights } = options;
      if (keepWeights && before) run.from = before.step > 0 ? before.id : (before.from ?? before.id);
      if (options.bytes) run.from = FILE;
      this.adopt(stored && step > 0 ? { ...(JSON.parse(stored) as Run), id: run.id, number, info, step, epoch } : run);
      this.judgement = undefined;
      this.status = step > 0 ? 'paused' : 'ready';
      if (!this.picture) await this.samplePicture();
      return true;
    } catch (error) {
      if (turn === this.preparing) this.fail(textOf(error));
      return false;
    } finally {
      this.changed();
    }
  }

  /** Plays or pauses, whichever it is time for. */
  toggle(): void {
    if (this.status === 'training') this.pause();
    else if (this.status === 'ready' || this.status === 'paused') this.play();
    else if (this.status === 'done' || this.status === 'failed') void this.again();
  }

  play(): void {
    this.status = 'training';
    this.notice = undefined;
    this.lastStored = performance.now();
    this.changed();
    this.client.ask({ type: 'train' }).catch((error: unknown) => this.fail(textOf(error)));
  }

  pause(): void {
    this.status = 'pausing';
    this.changed();
    void this.client.ask({ type: 'pause' });
  }

  /** A new run of the same settings, begun at once. */
  async again(): Promise<void> {
    await this.prepare();
    if (this.status === 'ready') this.play();
  }

  /** Back to the untrained network. */
  async reset(): Promise<void> {
    await this.storeRun();
    await storage.remove('latest', this.task).catch(() => undefined);
    this.storedAt = undefined;
    await this.prepare();
  }

  /** Settings are those of the next run; where nothing is trained yet, the network is made anew at once. */
  change(settings: Partial<Settings>): void {
    this.settings = { ...this.settings, ...settings, preset: settings.preset ?? 'custom' };
    this.changed();
    if (this.untouched) void this.prepare();
  }

  choosePreset(preset: string): void {
    const { settings } = PRESETS[this.task][preset]!;
    this.change({ ...settings, preset, horizon: this.settings.horizon });
  }

  /** Another horizon asks for another network; it begins with the weights of this one and learns on. */
  async changeHorizon(horizon: number): Promise<void> {
    this.goesOn ||= this.status === 'training'; // a slider may move on while a network is being made
    this.settings = { ...this.settings, horizon };
    void this.storeRun();
    await this.prepare({ keepWeights: (this.run?.step ?? 0) > 0 || this.run?.from !== undefined });
    if (!this.goesOn || this.status !== 'ready') return;
    this.goesOn = false;
    this.play();
  }

  /** Whether the settings are not those of the present run. */
  get dirty(): boolean {
    return this.run !== undefined && this.run.step > 0 && JSON.stringify({ ...this.run.settings, preset: '' }) !== JSON.stringify({ ...this.settings, preset: '' });
  }

  private get untouched(): boolean {
    return (this.run?.step ?? 0) === 0 && this.status !== 'training';
  }

  async samplePicture(): Promise<void> {
    if (this.task !== 'garments') return;
    this.show(await this.client.ask({ type: 'sample' }));
  }

  show(picture: { pixels: Uint8Array; label?: number }): void {
    this.picture = picture;
    this.changed();
    void this.client.ask({ type: 'look', picture: picture.pixels });
  }

  showRow(row: number): void {
    this.row = row;
    void this.client.ask({ type: 'look', row });
  }

  /** Data of files: dropped ones are kept for the next visit. */
  async useFiles(files: readonly File[]): Promise<void> {
    await this.useData(async () => ({ kind: 'files', from: nameOf(files), files: await Promise.all(files.map(readDataFile)) }));
  }

  async useAddress(address: string): Promise<void> {
    await this.useData(async () => ({ kind: 'files', from: new URL(address).host, files: await fetchIdx(address) }));
  }

  async useGenerated(): Promise<void> {
    await this.useData(() => Promise.resolve({ kind: 'generated' }));
  }

  private async useData(read: () => Promise<DataSource>): Promise<void> {
    await this.making;
    const { status } = this;
    try {
      if (status === 'training') this.pause();
      const source = await read();
      const before = this.data;
      try {
        await this.takeData(source);
      } catch (error) {
        this.data = before;
        throw error;
      }
      await storage.put('data', this.task, source).catch(() => undefined);
      this.picture = undefined;
      await this.prepare();
      this.notify(`Now learning from ${this.data!.source}: ${this.data!.trainRows.toLocaleString('en-US')} to learn from, ${this.data!.testRows.toLocaleString('en-US')} to be judged by.`);
    } catch (error) {
      this.status = status === 'training' ? 'paused' : status;
      this.notify(textOf(error), 'error');
    }
  }

  /** The run as a safetensors file. */
  async saveFile(): Promise<void> {
    try {
      const { checkpoint } = await this.client.ask({ type: 'save', notes: { run: JSON.stringify(this.run) } });
      download(`lanewise-${this.task}-run-${this.run!.number}.safetensors`, checkpoint, 'application/octet-stream');
    } catch (error) {
      this.notify(textOf(error), 'error');
    }
  }

  /** The same report as the command's, as one HTML file. */
  async saveReport(): Promise<void> {
    const { run } = this;
    if (!run) return;
    this.notify('Making the report …');
    try {
      const [sections, { renderReport }] = await Promise.all([this.client.ask({ type: 'report', epochs: run.epochs }), import('lanewise/report')]);
      const title = this.task === 'garments' ? 'A network that tells garments apart' : 'A network that predicts signals';
      const html = renderReport({ title, createdAt: new Date(), environment: environmentOf(run.info.threads), ...sections });
      download(`lanewise-${this.task}-run-${run.number}.html`, html, 'text/html');
      this.notify('The report is among your downloads.');
    } catch (error) {
      this.notify(textOf(error), 'error');
    }
  }

  async loadFile(file: File): Promise<void> {
    await this.making;
    const { status } = this;
    await this.storeRun();
    if (await this.prepare({ bytes: new Uint8Array(await file.arrayBuffer()) })) this.notify(`${file.name} is loaded.`);
    else this.status = status;
    this.changed();
  }

  /** Puts the run and its weights where the next visit finds them. */
  store(): Promise<void> {
    this.lastStored = performance.now();
    return (this.storing = this.storing.then(async () => {
      const { run } = this;
      if (!run || run.step === 0) return;
      try {
        const { checkpoint } = await this.client.ask({ type: 'save', notes: {} });
        await storage.put('latest', this.task, { run, bytes: checkpoint } satisfies Latest);
        await this.storeRun();
        this.storedAt = new Date();
        this.changed();
      } catch {
        this.storedAt = undefined; // the disk may be full: training goes on
      }
    }));
  }

  private async storeRun(): Promise<void> {
    const { run } = this;
    if (run && run.step > 0) await storage.put('runs', run.id, run).catch(() => undefined);
  }

  toggleRun(run: Run): void {
    run.shown = !run.shown;
    void storage.put('runs', run.id, run).catch(() => undefined);
    this.changed();
  }

  forgetRun(run: Run): void {
    this.earlier = this.earlier.filter((other) => other !== run);
    void storage.remove('runs', run.id).catch(() => undefined);
    this.changed();
  }

  dismiss(): void {
    this.notice = undefined;
    this.changed();
  }

  private notify(text: string, kind: Notice['kind'] = 'info'): void {
    this.notice = { text, kind };
    this.changed();
  }

  private fail(error: string): void {
    this.status = 'failed';
    this.notify(error, 'error');
  }

  private receive(message: Message): void {
    switch (message.type) {
      case 'progress':
        this.advance(message.progress);
        break;
      case 'judgement':
        this.judge(message.judgement);
        break;
      case 'sight':
        this.sight = message.sight;
        break;
      case 'forecast':
        this.forecast = message.forecast;
        break;
      case 'epoch':
        this.run?.epochs.push(message.record);
        break;
      case 'stopped':
        this.stopped(message.reason, message.error);
        break;
    }
    this.changed();
  }

  private advance({ step, epoch, batch, loss, accuracy, samplesPerSecond, seconds }: Progress): void {
    const { run, builder } = this;
    if (!run || !builder) return;
    const first = step - loss.length;
    loss.forEach((value, index) => builder.add({ step: first + index + 1, loss: value, accuracy: accuracy[index] ?? NaN }));
    Object.assign(run, { step, epoch, batch, samplesPerSecond, seconds, trainLoss: loss.at(-1) ?? run.trainLoss });
    if (performance.now() - this.lastStored > STORE_EVERY) void this.store();
  }

  private judge(judgement: Judgement): void {
    this.judgement = judgement;
    const { run } = this;
    if (!run) return;
    const { step, loss, accuracy = NaN } = judgement;
    Object.assign(run, { testLoss: loss, testAccuracy: accuracy });
    pushThinned(run.test, { step, loss, accuracy });
  }

  private stopped(reason: 'paused' | 'done' | 'failed', error?: string): void {
    if (reason === 'failed') this.fail(error ?? 'the training ended');
    else this.status = reason;
    if (this.run) this.run.done = reason === 'done';
    void this.store();
  }
}

/** The first of some files, and how many more. */
function nameOf([first, ...others]: readonly File[]): string {
  return `your file${others.length > 0 ? 's' : ''} ${first?.name ?? ''}${others.length > 0 ? ` and ${others.length} more` : ''}`;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
