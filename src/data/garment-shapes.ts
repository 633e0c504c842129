/**
 * Ten kinds of garment as outlines, drawn with chance. Lengths are in pixels of a 28×28 image, the origin is its
 * middle, y points down. Kinds that are hard to tell apart in photographs (T-shirt, shirt, pullover, coat, dress; sandal,
 * sneaker, boot) share their cuts here too: only details that may be faint separate them.
 */
import type { RandomStream } from '../random.js';
import { between, mirrored, point, smooth, stroke, type Point } from './rasterizer.js';

export interface Patch {
  readonly outline: readonly Point[];
  /** Brightness relative to the cloth; 0 shows the background. */
  readonly shade: number;
}

type Draw = (random: RandomStream) => Patch[];

/** The drawing of each label 0 … 9. */
export const GARMENT_SHAPES: readonly Draw[] = [
  tShirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankleBoot,
];

interface Cut {
  readonly shoulder: number;
  readonly chest: number;
  readonly waist: number;
  readonly hem: number;
  /** y of the neck and of the hem. */
  readonly top: number;
  readonly bottom: number;
  readonly neckWidth: number;
  readonly neckDepth: number;
  /** From the shoulder's end; 0 for none. */
  readonly sleeve: number;
  readonly cuff: number;
  /** How far the sleeve's end stands out, per pixel of its length. */
  readonly spread: number;
}

const chance = (random: RandomStream, probability: number): boolean => random.uniform() < probability;

/** A cut that all tops share, so that the outline alone does not give the kind away. */
function topCut(random: RandomStream, own: Partial<Cut>): Cut {
  const shoulder = random.uniform(5.8, 7.6);
  const chest = shoulder - random.uniform(0, 1.2);
  return {
    shoulder,
    chest,
    waist: chest - random.uniform(-0.4, 1),
    hem: chest + random.uniform(-0.6, 1),
    top: -random.uniform(10.5, 12),
    bottom: random.uniform(9.5, 12),
    neckWidth: random.uniform(2.2, 3.6),
    neckDepth: random.uniform(1, 3),
    sleeve: random.uniform(17, 21),
    cuff: random.uniform(1.2, 1.9),
    spread: random.uniform(0.1, 0.32),
    ...own,
  };
}

function topPatches(random: RandomStream, cut: Cut): Patch[] {
  const { shoulder, chest, waist, hem, top, bottom, neckWidth, neckDepth } = cut;
  const middle = (top + bottom) / 2;
  const torso = [
    point(neckWidth, top), point(shoulder, top + 1.6), point(chest, top + 7),
    point(waist, middle + 1), point(hem, bottom), point(hem * 0.5, bottom + random.uniform(-0.2, 0.5)),
  ];
  const neck = [point(neckWidth * 0.85, top - 1), point(neckWidth * 0.7, top + neckDepth * 0.6), point(0.4, top + neckDepth)];
  const sleeveShade = random.uniform(0.82, 1.02);
  return [
    ...(cut.sleeve > 0 ? sleeves(cut).map((outline) => ({ outline, shade: sleeveShade })) : []),
    { outline: smooth(mirrored(torso), 1), shade: 1 },
    { outline: mirrored(neck), shade: chance(random, 0.5) ? 0 : random.uniform(0.3, 0.7) },
  ];
}

function sleeves({ shoulder, chest, top, sleeve, cuff, spread }: Cut): Point[][] {
  const length = Math.sqrt(1 + spread * spread);
  const [dx, dy] = [spread / length, 1 / length];
  const end = point(shoulder + 0.6 + dx * sleeve, top + 2.4 + dy * sleeve);
  const right = [
    point(shoulder - 1.8, top + 1), point(shoulder + 0.9, top + 2.4), point(end.x + dy * cuff, end.y - dx * cuff),
    point(end.x - dy * cuff, end.y + dx * cuff), point(chest - 0.4, top + 7.5),
  ];
  return [right, right.map(({ x, y }) => point(-x, y))];
}

/** A vertical line at the middle of the front: a button placket or an opening. */
function frontLine(cut: Cut, width: number, shade: number): Patch {
  const start = cut.top + cut.neckDepth * 0.8;
  return { outline: stroke([point(0, start), point(0, cut.bottom)], width), shade };
}

/** A band across the hem, as knitted ribs. */
function hemBand({ hem, bottom }: Cut, height: number, shade: number): Patch {
  return { outline: mirrored([point(hem - 0.2, bottom - height), point(hem - 0.2, bottom)]), shade };
}

/** Two flaps beside the neck. */
function collar({ top, neckWidth, neckDepth }: Cut, width: number, shade: number): Patch[] {
  const flap = [
    point(neckWidth * 0.7, top - 0.6), point(neckWidth + 0.5, top + 0.4),
    point(width, top + neckDepth + 1.2), point(0.2, top + neckDepth),
  ];
  return [flap, flap.map(({ x, y }) => point(-x, y))].map((outline) => ({ outline, shade }));
}

function chestPocket(random: RandomStream, { top }: Cut): Patch {
  const y = top + random.uniform(6, 8);
  return { outline: [point(1.6, y), point(4.4, y), point(4.4, y + 2.6), point(1.6, y + 2.6)], shade: contrast(random, 0.5) };
}

/** A shade lighter or darker than the cloth, by up to `most` and at times hardly at all. */
function contrast(random: RandomStream, most: number): number {
  const step = random.uniform(0.15, most);
  return chance(random, 0.7) ? 1 - step : 1 + step;
}

function tShirt(random: RandomStream): Patch[] {
  const sleeve = chance(random, 0.1) ? 0 : random.uniform(3.5, 9);
  const cut = topCut(random, { sleeve, cuff: random.uniform(1.8, 2.8), spread: random.uniform(0.35, 0.9) });
  const patches = topPatches(random, cut);
  if (chance(random, 0.4)) {
    const [width, y] = [random.uniform(1.5, 4), random.uniform(-5, 1)];
    patches.push({ outline: mirrored([point(width, y), point(width, y + random.uniform(2, 6))]), shade: contrast(random, 0.6) });
  }
  return patches;
}

function shirt(random: RandomStream): Patch[] {
  const short = chance(random, 0.4);
  const cut = topCut(random, short
    ? { sleeve: random.uniform(4, 10), cuff: random.uniform(1.7, 2.6), spread: random.uniform(0.3, 0.8) }
    : {});
  return [
    ...topPatches(random, cut),
    frontLine(cut, random.uniform(0.9, 1.6), contrast(random, 0.6)),
    ...(chance(random, 0.9) ? collar(cut, random.uniform(2.2, 4), contrast(random, 0.6)) : []),
    ...(chance(random, 0.5) ? [chestPocket(random, cut)] : []),
  ];
}

function pullover(random: RandomStream): Patch[] {
  const cut = topCut(random, { neckDepth: random.uniform(0.6, 2.2) });
  const patches = topPatches(random, cut);
  if (chance(random, 0.9)) patches.push(hemBand(cut, random.uniform(1.2, 2.4), contrast(random, 0.5)));
  return patches;
}

function coat(random: RandomStream): Patch[] {
  const cut = topCut(random, {
    bottom: random.uniform(11, 13),
    hem: random.uniform(6.4, 8.4),
    neckDepth: random.uniform(2, 6),
  });
  const patches = [...topPatches(random, cut), frontLine(cut, random.uniform(0.6, 1.8), random.uniform(0.1, 0.75))];
  if (chance(random, 0.6)) patches.push(...collar(cut, random.uniform(2.4, 4), contrast(random, 0.4)));
  if (chance(random, 0.5)) {
    const [y, shade] = [random.uniform(2, 5), contrast(random, 0.4)];
    for (const side of [-1, 1]) patches.push({ outline: stroke([point(2.2 * side, y), point(4.8 * side, y)], 0.9), shade });
  }
  return patches;
}

function dress(random: RandomStream): Patch[] {
  const chest = random.uniform(3.4, 5.4);
  const kind = random.uniform();
  const cut = topCut(random, {
    shoulder: chest + random.uniform(-0.4, 1),
    chest,
    waist: chest - random.uniform(0, 1.6),
    hem: random.uniform(4, 8),
    top: -random.uniform(11.5, 13),
    bottom: random.uniform(11.5, 13),
    neckWidth: random.uniform(1.6, 2.8),
    sleeve: kind < 0.5 ? 0 : kind < 0.8 ? random.uniform(3, 8) : random.uniform(13, 18),
  });
  const patches = topPatches(random, cut);
  if (chance(random, 0.4)) {
    const y = (cut.top + cut.bottom) / 2 + random.uniform(-1.5, 1);
    patches.push({ outline: mirrored([point(cut.waist, y), point(cut.waist, y + 1.2)]), shade: contrast(random, 0.5) });
  }
  return patches;
}

function trouser(random: RandomStream): Patch[] {
  const waist = random.uniform(3, 5);
  const hip = waist + random.uniform(0.2, 1.2);
  const [top, bottom, crotch] = [-random.uniform(11, 13), random.uniform(11, 13), -random.uniform(3, 6)];
  const outer = random.uniform(3.2, 6.2);
  const inner = random.uniform(0.3, Math.min(2.4, outer - 2));
  const leg = [
    point(waist, top), point(hip, top + 5), point(outer, bottom), point(inner, bottom), point(0.15, crotch),
  ];
  const patches = [{ outline: mirrored(leg), shade: 1 }];
  if (chance(random, 0.6)) {
    patches.push({ outline: mirrored([point(waist, top), point(waist + 0.2, top + 1.4)]), shade: contrast(random, 0.4) });
  }
  return patches;
}

/** The side view of a foot: the toe on the left at x = -12, the heel on the right at x = 12. */
interface Foot {
  /** y of the ground, of the ankle's opening and of the instep (where the shaft begins), and x of the instep. */
  readonly ground: number;
  readonly ankle: number;
  readonly instep: Point;
  readonly toeHeight: number;
}

/** @param low, high the least and the greatest height of the ankle above the ground */
function foot(random: RandomStream, low: number, high: number): Foot {
  const height = random.uniform(low, high);
  const ground = height / 2 + random.uniform(0, 2);
  return {
    ground,
    ankle: ground - height,
    instep: point(random.uniform(0, 3.5), ground - Math.min(height - 0.8, random.uniform(6, 8))),
    toeHeight: random.uniform(2.8, 4.5),
  };
}

function upper({ ground, toeHeight, instep, ankle }: Foot): Point[] {
  const outline = [
    point(-12, ground), point(-12.3, ground - toeHeight * 0.6), point(-9, ground - toeHeight), instep,
    point(instep.x + 1.2, ankle), point(11.2, ankle - 0.3), point(11.2, ground - 4), point(12.2, ground),
  ];
  return smooth(outline, 1);
}

function sole(ground: number, thickness: number, heel: number, shade: number): Patch {
  const outline = [
    point(-12.4, ground), point(12.2, ground), point(12.2, ground + thickness + heel),
    point(12.2 - 5.5, ground + thickness + heel), point(5.5, ground + thickness), point(-11.5, ground + thickness),
  ];
  return { outline, shade };
}

function sneaker(random: RandomStream): Patch[] {
  const shape = foot(random, 6, 10);
  const patches = [{ outline: upper(shape), shade: 1 }, sole(shape.ground, random.uniform(1, 2.4), 0, contrast(random, 0.6))];
  const laces = random.integer(4);
  const shade = contrast(random, 0.6);
  for (let i = 0; i < laces; i++) {
    const at = between(point(-7, shape.ground - shape.toeHeight), shape.instep, (i + 1) / 4);
    patches.push({ outline: stroke([at, point(at.x + 2.2, at.y + 1.6)], 0.9), shade });
  }
  if (chance(random, 0.5)) {
    const [from, bend] = [point(9, shape.ground - 4.5), point(random.uniform(1, 4), shape.ground - 1)];
    patches.push({ outline: stroke([from, bend, point(-2, shape.ground - 4)], 1.1), shade: contrast(random, 0.6) });
  }
  return patches;
}

function ankleBoot(random: RandomStream): Patch[] {
  const shape = foot(random, 9, 18);
  const heel = chance(random, 0.4) ? random.uniform(0.8, 4) : 0;
  const patches = [{ outline: upper(shape), shade: 1 }, sole(shape.ground, random.uniform(0.7, 1.8), heel, contrast(random, 0.5))];
  if (chance(random, 0.5)) {
    const x = random.uniform(4, 8);
    patches.push({ outline: stroke([point(x, shape.ankle), point(x - 1, shape.ground - 3)], 1), shade: contrast(random, 0.5) });
  }
  return patches;
}

function sandal(random: RandomStream): Patch[] {
  const ground = random.uniform(5, 8);
  const heel = chance(random, 0.45) ? random.uniform(1, 5) : 0;
  const rise = heel * random.uniform(0.4, 0.9);
  const footbed = [
    point(-12, ground), point(-3, ground - rise * 0.4), point(11.5, ground - rise - 0.6), point(11.8, ground + 1 - rise * 0.3),
    point(11.5, ground + 1 + heel * 0.5), point(7, ground + 1 + heel * 0.5), point(5.5, ground + 1), point(-12, ground + 1.4),
  ];
  const shadow = { outline: upper({ ...foot(random, 6, 8), ground }), shade: random.uniform(0.15, 0.45) };
  const patches = [...(chance(random, 0.25) ? [shadow] : []), { outline: footbed, shade: random.uniform(0.6, 1) }];
  const straps = 1 + random.integer(4);
  for (let i = 0; i < straps; i++) {
    const x = random.uniform(-9.5, 9);
    const height = random.uniform(2.5, 4) + (x + 10) * random.uniform(0.1, 0.4);
    const path = [point(x - 1.5, ground + 0.5), point(x + 0.5, ground - height), point(x + random.uniform(2, 4), ground - rise)];
    patches.push({ outline: stroke(path, random.uniform(0.9, 2.6)), shade: random.uniform(0.7, 1.1) });
  }
  return patches;
}

function bag(random: RandomStream): Patch[] {
  const width = random.uniform(7.5, 12);
  const top = random.uniform(-6, 0);
  const bottom = random.uniform(6, 11);
  const narrow = width * random.uniform(0.72, 1.05);
  const body = [point(narrow, top), point(width, (top + bottom) / 2), point(width, bottom), point(width * 0.8, bottom + 0.6)];
  const reach = narrow * random.uniform(0.4, 0.8);
  const rise = random.uniform(1, 9);
  const handle = [
    point(-reach, top + 1), point(-reach * 0.9, top - rise * 0.6), point(-reach * 0.4, top - rise),
    point(reach * 0.4, top - rise), point(reach * 0.9, top - rise * 0.6), point(reach, top + 1),
  ];
  const patches: Patch[] = [
    { outline: stroke(handle, random.uniform(0.8, 1.8)), shade: random.uniform(0.6, 1.1) },
    { outline: smooth(mirrored(body), chance(random, 0.5) ? 1 : 0), shade: 1 },
  ];
  if (chance(random, 0.5)) {
    const y = top + random.uniform(1.5, 5);
    patches.push({ outline: mirrored([point(narrow, y), point(narrow, y + 0.9)]), shade: contrast(random, 0.5) });
  }
  return patches;
}
