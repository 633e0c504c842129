import type { NetworkName } from '../../networks/preset.js';
import { UsageError } from '../failure.js';
import { fashionMnistTask } from './fashion-mnist-task.js';
import type { Output } from '../output/output.js';
import { signalsTask } from './signals-task.js';
import type { Task, TaskOptions } from './task.js';

/** Loads the data of a network. */
export function createTask(name: NetworkName, options: TaskOptions, output: Output): Promise<Task> {
  if (name === 'signals') return signalsTask(options, output);
  if (options.horizon !== undefined) throw new UsageError('--horizon is for signals only');
  return fashionMnistTask(options, output);
}
