import { readWholeFile } from '../data/file.js';
import { LanewiseError } from '../errors.js';
import { weightsSha256 } from '../io/digest.js';
import { assignWeights, decodeWeights } from '../io/weights.js';
import { PRESETS, type NetworkName, type PresetName } from '../networks/preset.js';
import { sgd } from '../optimizers/sgd.js';
import type { EvaluateOptions } from './options.js';
import { createOutput } from './output/create-output.js';
import type { Streams } from './streams.js';
import { createTask } from './tasks/create-task.js';
import { startEvent } from './train.js';

/** `lanewise evaluate`. Preset and horizon come from the options, else from the file, else they are those of `train`. */
export async function evaluate(name: NetworkName, options: EvaluateOptions, streams: Streams): Promise<void> {
  const { weights: file, threads, build } = options;
  const { tensors, metadata } = await decodeWeights(await readWholeFile(file), file);
  const network = metadata.get('network');
  if (network !== undefined && network !== name) {
    throw new LanewiseError('invalid-file', 'the weights are of another network', { where: file, expected: name, received: JSON.stringify(network) });
  }
  const { preset = presetOf(metadata), horizon = horizonOf(metadata) } = options;
  const output = createOutput(options, streams);
  try {
    const task = await createTask(name, { data: options.data, preset, seed: 0, horizon }, output);
    const model = task.createModel();
    assignWeights(model, tensors, file);
    await model.compile({ ...task.compile, optimizer: sgd(), threads, build });
    output.start(startEvent(task, model, build), { summary: model.summary(), noun: task.noun });
    output.status(`Measuring on the test ${task.noun}s`);
    const begin = performance.now();
    const { loss, accuracy } = await model.evaluate(task.test.x, task.test.y);
    const seconds = (performance.now() - begin) / 1000;
    const digest = await weightsSha256(model.getWeights());
    model.close();
    output.done({ event: 'done', model: name, testLoss: loss, ...(accuracy !== undefined && { testAccuracy: accuracy }), seconds, weightsSha256: digest });
  } finally {
    output.clear();
  }
}

const presetOf = (metadata: ReadonlyMap<string, string>): PresetName => PRESETS.find((preset) => preset === metadata.get('preset')) ?? 'seed';

function horizonOf(metadata: ReadonlyMap<string, string>): number | undefined {
  const text = metadata.get('horizon') ?? '';
  return /^[1-9][0-9]{0,5}$/.test(text) ? Number(text) : undefined;
}
