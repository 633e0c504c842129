/**
 * Measures the figures of docs/performance.md again. What stands there between
 *
 *   <!-- measured by: COMMAND --> and <!-- end -->
 *
 * is replaced by what the command prints.
 *
 *   npm run bench:document -- [--filter TEXT]      only commands that contain the text
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';

const MEASURED = /(<!-- measured by: (.*?) -->\n).*?(\n<!-- end -->)/gs;

/** The text with the output of its commands put in where `chosen` says so. */
export function fillIn(text: string, chosen: (command: string) => boolean, run: (command: string) => string): string {
  return text.replace(MEASURED, (whole, opening: string, command: string, closing: string) =>
    chosen(command) ? `${opening}\n${run(command).trim()}\n${closing}` : whole);
}

function run(command: string): string {
  console.log(command);
  const { status, stdout } = spawnSync(command, { shell: true, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], cwd: root, maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} failed`);
  return stdout;
}

const root = fileURLToPath(new URL('../', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { filter } = new Command('bench:document').option('--filter <text>', 'only commands that contain this', '').parse().opts<{ filter: string }>();
  const file = `${root}docs/performance.md`;
  writeFileSync(file, fillIn(readFileSync(file, 'utf8'), (command) => command.includes(filter), run));
}
