/**
 * Firefox as Debian has it, without its remote protocol: with that at work, workers that start workers come to a standstill (153). A page asks the
 * test for what to evaluate.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executable, type TestBrowser, type TestPage } from './browsers.js';

type Reply = { value: unknown } | { error: string };

/** Hands expressions to the page and takes what it answers. */
class Control {
  private waiting: ServerResponse | undefined;
  private expression: string | undefined;
  private answer: ((reply: Reply) => void) | undefined;
  private readonly server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    if (request.method === 'GET') {
      this.waiting = response;
      this.handOut();
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text)).on('end', () => {
      response.end();
      this.answer?.(JSON.parse(body) as Reply);
    });
  });

  async start(): Promise<string> {
    await once(this.server.listen(0, 'localhost'), 'listening');
    return `http://localhost:${(this.server.address() as AddressInfo).port}/`;
  }

  private handOut(): void {
    if (!this.waiting || this.expression === undefined) return;
    this.waiting.end(this.expression);
    this.waiting = undefined;
    this.expression = undefined;
  }

  /** One at a time. */
  async evaluate(expression: string): Promise<unknown> {
    const reply = new Promise<Reply>((resolve) => (this.answer = resolve));
    this.expression = expression;
    this.handOut();
    const result = await reply;
    if ('error' in result) throw new Error(result.error);
    return result.value;
  }

  /** When the last expression has been taken, and a page asks for the next one. */
  async taken(): Promise<void> {
    while (!this.waiting || this.expression !== undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** One page at a time. */
export async function openFirefox(): Promise<TestBrowser> {
  const path = executable('firefox');
  const profile = mkdtempSync(join(tmpdir(), 'lanewise-firefox-'));
  const control = new Control();
  const controlUrl = await control.start();
  let running: ReturnType<typeof spawn> | undefined;
  const close = async (): Promise<void> => {
    control.close();
    if (running) {
      running.kill();
      await once(running, 'exit');
    }
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  let pages = 0;
  const page: TestPage = {
    messages: [],
    evaluate: <Result>(expression: string) => control.evaluate(expression) as Promise<Result>,
    async goto(url) {
      const driven = `${url}driven?${++pages}#${controlUrl}`; // another each time: else it would be no navigation
      if (running) void control.evaluate(`new Promise(() => location.replace(${JSON.stringify(driven)}))`); // the next to ask is the new page
      else running = spawn(path, ['--headless', '--no-remote', '--profile', profile, driven], { stdio: 'ignore' });
      await control.taken();
    },
    close: () => Promise.resolve(),
  };
  return { name: 'Firefox', newPage: () => Promise.resolve(page), close };
}
