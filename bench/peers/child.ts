/** A peer in a process of its own, asked one thing at a time. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** How a peer is started. */
export interface Peer {
  name: string;
  command: string;
  args: readonly string[];
  threads: number;
  /** Variables of its environment, beside ours. */
  environment?: Readonly<Record<string, string>>;
}

export interface About {
  version: string;
  threads: number;
  /** Whether it compiles what it does before its first time. */
  compiles?: boolean;
  /** For each case it has, the ways it can do it. */
  variants: Record<string, string[]>;
}

export type Question = { prepare: string; variant: string } | { round: string; seconds: number } | { drop: true };
export interface Answer {
  milliseconds?: number;
  error?: string;
}

const folder = fileURLToPath(new URL('./', import.meta.url));

export class Child {
  private readonly answers: ((line: string | undefined) => void)[] = [];
  /** The last thing it said on its error stream. */
  private complaint = '';
  alive = true;

  private constructor(
    readonly peer: Peer,
    private readonly process: ChildProcess,
  ) {
    createInterface({ input: process.stdout! }).on('line', (line) => this.answers.shift()?.(line));
    process.stderr!.on('data', (text: Buffer) => (this.complaint = text.toString().trim().split('\n').at(-1) ?? ''));
    const end = (): void => {
      this.alive = false;
      for (const answer of this.answers.splice(0)) answer(undefined);
    };
    process.on('error', end).on('close', end);
    process.stdin!.on('error', () => {}); // told by `close`
  }

  /** Starts a peer and hears what it is. */
  static async start(peer: Peer): Promise<{ child: Child; about: About }> {
    const env = { ...process.env, ...peer.environment, OMP_NUM_THREADS: String(peer.threads) };
    const child = new Child(peer, spawn(peer.command, peer.args, { cwd: folder, stdio: 'pipe', env }));
    const line = await child.nextLine(60);
    if (line === undefined) throw new Error(`${peer.name} did not start: ${child.complaint}`);
    return { child, about: JSON.parse(line) as About };
  }

  async ask(question: Question, patience: number): Promise<Answer> {
    if (!this.alive) return { error: 'ended' };
    this.process.stdin!.write(`${JSON.stringify(question)}\n`);
    const line = await this.nextLine(patience);
    return line === undefined ? { error: this.complaint || `no answer in ${patience} s` } : (JSON.parse(line) as Answer);
  }

  /** One line of output; undefined, and an end of it, if none comes in so many seconds. */
  private nextLine(patience: number): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.stop(), 1000 * patience);
      this.answers.push((line) => {
        clearTimeout(timer);
        resolve(line);
      });
      if (!this.alive) this.answers.pop()!(undefined);
    });
  }

  stop(): void {
    this.process.kill('SIGKILL');
  }
}
