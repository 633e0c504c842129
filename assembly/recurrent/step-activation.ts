import { activate, activateBackward, backward, forward } from "../activation";
import { Activation } from "../plan/ops";

/** h = f(h) for one step of `groups` groups, one or two, `pair` bytes apart. h: [units][4]. */
export function activateStep(groups: i32, h: usize, pair: usize, units: i32, kind: i32): void {
  if (groups == 1) activate(h, h, units << 2, kind);
  else if (kind == Activation.relu) activatePair(h, pair, units, Activation.relu);
  else if (kind == Activation.tanh) activatePair(h, pair, units, Activation.tanh);
  else if (kind == Activation.sigmoid) activatePair(h, pair, units, Activation.sigmoid);
  else if (kind == Activation.hardSigmoid) activatePair(h, pair, units, Activation.hardSigmoid);
  else if (kind == Activation.hardSigmoidTfjs) activatePair(h, pair, units, Activation.hardSigmoidTfjs);
}

/** d = f'(x) · d, from h = f(x), for one step of `groups` groups, one or two, `pair` bytes apart. d, h: [units][4]. */
export function activateStepBackward(groups: i32, d: usize, h: usize, pair: usize, units: i32, kind: i32): void {
  if (groups == 1) activateBackward(d, d, h, units << 2, kind);
  else if (kind == Activation.relu) activatePairBackward(d, h, pair, units, Activation.relu);
  else if (kind == Activation.tanh) activatePairBackward(d, h, pair, units, Activation.tanh);
  else if (kind == Activation.sigmoid) activatePairBackward(d, h, pair, units, Activation.sigmoid);
  else if (kind == Activation.hardSigmoid) activatePairBackward(d, h, pair, units, Activation.hardSigmoid);
  else if (kind == Activation.hardSigmoidTfjs) activatePairBackward(d, h, pair, units, Activation.hardSigmoidTfjs);
}

/** Two units of both groups a turn: see `activate` for why not one. */
// @ts-ignore: decorator
@inline
function activatePair(h: usize, pair: usize, units: i32, kind: i32): void {
  for (; units > 1; units -= 2) {
    const g = h + pair;
    const a = v128.load(h), b = v128.load(h, 16), c = v128.load(g), d = v128.load(g, 16);
    v128.store(h, forward(a, kind));
    v128.store(h, forward(b, kind), 16);
    v128.store(g, forward(c, kind));
    v128.store(g, forward(d, kind), 16);
    h += 32;
  }
  if (units == 0) return;
  const g = h + pair;
  const a = v128.load(h), b = v128.load(g);
  v128.store(h, forward(a, kind));
  v128.store(g, forward(b, kind));
}

// @ts-ignore: decorator
@inline
function activatePairBackward(d: usize, h: usize, pair: usize, units: i32, kind: i32): void {
  for (; units > 0; units--) {
    const e = d + pair;
    v128.store(d, backward(v128.load(d), v128.load(h), kind));
    v128.store(e, backward(v128.load(e), v128.load(h + pair), kind));
    d += 16;
    h += 16;
  }
}
