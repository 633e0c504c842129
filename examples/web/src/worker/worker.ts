/** The worker that trains: takes commands from the page one at a time and answers each. */
import type { Answers, Command, Message, Reply, Request, Task } from '../protocol.js';
import { loadSource, type Source } from './datasets.js';
import { Trainer } from './trainer.js';

const task = self.name as Task;
const post = (message: Message | Reply): void => self.postMessage(message);
const trainer = new Trainer(task, post);
let source: Source | undefined;

/** Commands that make something new wait for the one before; the others are carried out at once. */
let queue: Promise<unknown> = Promise.resolve();
const QUEUED: ReadonlySet<Command['type']> = new Set(['data', 'prepare', 'train']);

self.addEventListener('message', ({ data: { id, command } }: MessageEvent<Request>) => {
  const work = (): Promise<void> =>
    carryOut(command).then(
      (answer) => post({ id, answer }),
      (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  if (QUEUED.has(command.type)) queue = queue.then(work);
  else void work();
});

async function carryOut(command: Command): Promise<Answers[keyof Answers]> {
  switch (command.type) {
    case 'data': {
      const loaded = loadSource(task, command.source);
      source = loaded;
      const { source: from, synthetic, trainRows, testRows, thumbnails } = loaded;
      return { source: from, synthetic, trainRows, testRows, ...(thumbnails && { thumbnails }) };
    }
    case 'prepare':
      return trainer.prepare(requireSource(), command.settings, command.bytes, command.keepWeights);
    case 'train':
      trainer.train();
      return null;
    case 'pause':
      trainer.pause();
      return null;
    case 'look':
      trainer.show({ ...(command.picture && { picture: command.picture }), ...(command.row !== undefined && { row: command.row }) });
      return null;
    case 'sample':
      return trainer.sample();
    case 'save':
      return { checkpoint: await trainer.save(requireSource(), command.notes) };
    case 'report':
      return trainer.report(requireSource(), command.epochs);
  }
}

function requireSource(): Source {
  if (!source) throw new Error('no data yet');
  return source;
}
