/** The page's end of the wire to a training worker. */
import type { Answers, Command, Message, Reply, Request, Task } from './protocol.js';

type Waiting = { resolve: (answer: Answers[keyof Answers]) => void; reject: (error: Error) => void };

export class Client {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;

  constructor(task: Task, onMessage: (message: Message) => void, onCrash: (error: string) => void) {
    this.worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module', name: task });
    this.worker.addEventListener('message', ({ data }: MessageEvent<Message | Reply>) => {
      if ('type' in data) onMessage(data);
      else this.settle(data);
    });
    this.worker.addEventListener('error', (event) => onCrash(event.message || 'the training worker did not start'));
  }

  /** Rejects with what the worker says went wrong. */
  ask<Type extends Command['type']>(command: Extract<Command, { type: Type }>): Promise<Answers[Type]> {
    const id = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.worker.postMessage({ id, command } satisfies Request);
    });
  }

  private settle(reply: Reply): void {
    const waiting = this.waiting.get(reply.id);
    this.waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.answer);
  }
}
