#!/usr/bin/env node
import '../entry.node.js';
import { failureLine } from './failure.js';
import { run } from './run.js';

const { stdout, stderr } = process;

// A reader such as `head` may leave before the end: that is no failure. Nothing can be said when nobody hears errors either.
for (const stream of [stdout, stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}
process.on('SIGINT', () => {
  if (process.listenerCount('SIGINT') > 1) return; // a training that stores itself; it listens only once
  stderr.write(`${stderr.isTTY ? '\r\x1b[K' : ''}lanewise: interrupted\n`);
  process.exit(130);
});
process.on('uncaughtException', (error) => {
  stderr.write(failureLine(error));
  process.exit(1);
});

process.exitCode = await run(process.argv.slice(2), { stdout, stderr });
