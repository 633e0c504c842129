import type { Build } from '../runtime/load.js';
import type { Sequential } from '../model/sequential.js';
import { sgd } from '../optimizers/sgd.js';
import type { Task } from './tasks/task.js';

const POINTS = 100;

/**
 * Follows the training loss without dropout while a model trains. A model does one thing at a time, so a second one of the same form is given
 * its weights and evaluated.
 */
export class LossProbe {
  readonly losses: { epoch: number; loss: number }[] = [];

  private constructor(
    private readonly task: Task,
    private readonly model: Sequential,
  ) {}

  static async create(task: Task, build: Build): Promise<LossProbe> {
    const model = task.createModel();
    await model.compile({ ...task.compile, optimizer: sgd(), threads: 1, build });
    return new LossProbe(task, model);
  }

  /** Measures at the first epoch, the last, and about a hundred between. */
  async measure(trained: Sequential, epoch: number, epochs: number): Promise<void> {
    if (epoch !== 1 && epoch !== epochs && epoch % Math.ceil(epochs / POINTS) !== 0) return;
    this.model.setWeights(trained.getWeights());
    const { loss } = await this.model.evaluate(this.task.train.x, this.task.train.y);
    this.losses.push({ epoch, loss });
  }

  close(): void {
    this.model.close();
  }
}
