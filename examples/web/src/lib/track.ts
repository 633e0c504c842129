/** Figures over the steps of a run, kept short: when there are too many points, neighbours become one. */
export interface Track {
  /** Steps that one point stands for. */
  per: number;
  step: number[];
  loss: number[];
  accuracy: number[];
}

const LIMIT = 1200;

export const newTrack = (): Track => ({ per: 1, step: [], loss: [], accuracy: [] });

/** Means of so many steps; `step` is the last of them. */
export interface Point {
  step: number;
  loss: number;
  accuracy: number;
}

/** Points of training come at every step: each stands for `per` of them. */
export class TrackBuilder {
  private count = 0;
  private loss = 0;
  private accuracy = 0;

  constructor(readonly track: Track) {}

  add({ step, loss, accuracy }: Point): void {
    const { track } = this;
    this.count++;
    this.loss += loss;
    this.accuracy += accuracy;
    if (this.count < track.per) return;
    push(track, { step, loss: this.loss / this.count, accuracy: this.accuracy / this.count });
    this.count = this.loss = this.accuracy = 0;
    if (track.step.length >= LIMIT) halve(track);
  }
}

export function push(track: Track, { step, loss, accuracy }: Point): void {
  track.step.push(step);
  track.loss.push(loss);
  track.accuracy.push(accuracy);
}

/** Looks at the test data come when they come; of too many, every second goes. */
export function pushThinned(track: Track, point: Point): void {
  if (track.step.at(-1) === point.step) for (const list of [track.step, track.loss, track.accuracy]) list.pop();
  push(track, point);
  if (track.step.length < LIMIT) return;
  for (const key of ['step', 'loss', 'accuracy'] as const) track[key] = track[key].filter((_, index) => index % 2 === 1);
}

function halve(track: Track): void {
  track.per *= 2;
  track.step = track.step.filter((_, index) => index % 2 === 1);
  for (const key of ['loss', 'accuracy'] as const) {
    const values = track[key];
    track[key] = track.step.map((_, index) => (values[2 * index]! + values[2 * index + 1]!) / 2);
  }
}

/** An exponential mean over some points, the first ones weighted fully. */
export function smoothed(values: readonly number[], span: number): number[] {
  const keep = 1 - 1 / span;
  let sum = 0;
  let weight = 0;
  return values.map((value) => {
    sum = sum * keep + value;
    weight = weight * keep + 1;
    return sum / weight;
  });
}
