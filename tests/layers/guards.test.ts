/**
 * Training steps of all small networks with every buffer apart from the others and between guard bands, every op with the scratch it asked for
 * and no more: no layer asks for less than its kernels use, and the planner's sharing of bytes changes nothing.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emitLayers } from '../../src/layers/emit-layers.js';
import { emitLoss, requireLoss } from '../../src/losses.js';
import { sgd } from '../../src/optimizers/sgd.js';
import { type PlanBuffer, fixedRef, type Ref } from '../../src/plan/buffer.js';
import { type OpArguments, PlanBuilder } from '../../src/plan/builder.js';
import { Control, type OpName, State, STATE_BYTES } from '../../src/plan/ops.js';
import type { PlanTensor } from '../../src/plan/tape.js';
import { Tape } from '../../src/plan/tape.js';
import { align, Engine } from '../../src/runtime/engine.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { banded, type Bands } from '../ops/bands.js';
import type { Guarded } from '../reference/index.js';
import { cases } from './cases.js';
import { Network } from './network.js';

const WORK_BYTES = 32 << 20;

/** A stretch of an engine's memory in which buffers are laid out one after the other. */
class Yard {
  private readonly regions: [string, Guarded<Float32Array>][] = [];
  private top: number;

  constructor(
    readonly engine: Engine,
    private readonly start: number,
    private readonly bands: Bands,
  ) {
    this.top = start;
  }

  lay(name: string, bytes: number): Float32Array {
    const region = banded(this.engine.floats(0, 0).buffer, align(this.top), Float32Array, bytes / 4, this.bands);
    this.top = region.end;
    assert.ok(this.top < this.start + WORK_BYTES, 'the network is too large for the yard');
    this.regions.push([name, region]);
    return region.data;
  }

  ref(name: string, values: ArrayLike<number>): Ref {
    const data = this.lay(name, 4 * values.length);
    data.set(values);
    return fixedRef(data.byteOffset, data.byteLength);
  }

  assertIntact(): void {
    for (const [name, region] of this.regions) region.assertIntact(name);
  }
}

/** Keeps the scratch of each op, of which a plan itself needs but the largest. */
class OpenTape extends Tape {
  readonly scratches: number[] = [];

  override op<Name extends OpName>(name: Name, args: OpArguments<Name>, blocks: number, scratchBytes = 0): void {
    super.op(name, args, blocks, scratchBytes);
    this.scratches.push(scratchBytes);
  }
}

/** One step of SGD with rate 1, laid out as the model does it; gives the new weights. */
function trainApart(network: Network, engine: Engine, start: number, bands: Bands): Float32Array[] {
  const { batch, loss: lossName } = network.options;
  const yard = new Yard(engine, start, bands);
  const state = yard.ref('state', new Float32Array(STATE_BYTES / 4));
  engine.floats(state.buffer.address! + State.learningRate, 1)[0] = 1;
  engine.floats(state.buffer.address! + State.gradientScale, 1)[0] = 1;
  const tape = new OpenTape(batch, true, network.seed, state);

  const specs = network.model.layers.flatMap((layer) => layer.weights);
  const weights = network.model.getWeights().map(({ data }, i) => ({
    value: yard.ref(`weight ${i}`, data), size: data.length,
    gradient: (specs[i]!.trainable ?? true) ? yard.ref(`gradient ${i}`, new Float32Array(data.length).fill(NaN)) : undefined,
  }));
  let next = 0;
  const input = tape.tensor(network.model.inputShape, 'rows', false, true);
  const target = tape.buffer(network.y.length, true);
  const [output] = emitLayers(network.model.graph, [input], tape, (layer) => weights.slice(next, (next += layer.weights.length))) as [PlanTensor];
  const loss = requireLoss(lossName);
  emitLoss(tape, loss, output, { target });
  for (const { value: w, gradient: g, size } of weights) if (g) sgd({ learningRate: 1 }).emit(tape, { w, g, slots: [], size }, state);
  tape.emitUpdates();

  for (const buffer of buffersOf(tape)) buffer.address ??= yard.lay(`a buffer of ${buffer.bytes} bytes`, buffer.bytes).byteOffset;
  const x = engine.floats(input.ref.buffer.address!, batch * sizeOf(network.model.inputShape));
  x.set(network.x);
  if (loss.target(network.model.outputShape).classes === undefined) engine.floats(target.buffer.address!, network.y.length).set(network.y);
  else engine.integers(target.buffer.address!, network.y.length).set(network.y);
  const memory = {
    reserve: (bytes: number): number => yard.lay('plan', bytes).byteOffset,
    integers: (address: number, length: number): Int32Array => engine.integers(address, length),
  };
  tape.ops.forEach((op, index) => {
    const alone = new PlanBuilder();
    alone.ops.push(op);
    const scratchBytes = tape.scratches[index]!;
    const scratch = yard.lay(`scratch of ${op.owner}'s ${op.name}`, scratchBytes * engine.threads);
    engine.run(alone.encode(memory, scratch.byteOffset, scratchBytes));
  });

  yard.assertIntact();
  assert.deepEqual(x, Float32Array.from(network.x), 'the input is only to be read');
  return weights.map(({ value, size }) => engine.floats(value.buffer.address!, size).slice());
}

function buffersOf(tape: Tape): Set<PlanBuffer> {
  return new Set(tape.ops.flatMap(({ args }) => Object.values(args).flatMap((value) => (typeof value === 'object' ? [value.buffer] : []))));
}

describe('a step with every buffer guarded', () => {
  const engines: { engine: Engine; start: number }[] = [];
  before(async () => {
    for (const threads of [1, 3]) {
      const engine = await Engine.load({ build: 'strict', base: Control.end, control: Control });
      await engine.start({ threads });
      engines.push({ engine, start: engine.reserve(WORK_BYTES) });
    }
  });
  after(() => engines.forEach(({ engine }) => engine.close()));

  for (const { name, layers, ...options } of cases) {
    it(name, async () => {
      const network = new Network({ ...options, twins: layers() });
      const apart = engines.flatMap(({ engine, start }) => (['nan', 'finite'] as const).map((bands) => trainApart(network, engine, start, bands)));
      await network.compile();
      const { x, y } = network.tensors;
      await network.model.trainOnBatch(x, y);
      const together = network.model.getWeights().map(({ data }) => data);
      network.model.close();
      for (const weights of apart) assert.deepEqual(weights, together);
    });
  }
});
