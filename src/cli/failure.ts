/** How failures are told: one line, and an exit code. */
import { CommanderError } from 'commander';
import { LanewiseError } from '../errors.js';

/** What the user typed cannot be meant: exit code 2. */
export class UsageError extends Error {}

/** A signal ended the run, which was stored: exit code 128 and the signal's number. */
export class Interrupted extends Error {
  constructor(
    message: string,
    readonly exitCode: 130 | 143,
  ) {
    super(message);
  }
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof UsageError || (error instanceof LanewiseError && error.code === 'invalid-argument') ? 2 : 1;
}

/** `lanewise: …` on one line; with LANEWISE_DEBUG=1 followed by the stack. */
export function failureLine(error: unknown): string {
  const stack = process.env['LANEWISE_DEBUG'] === '1' && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  return `lanewise: ${printable(messageOf(error))}\n${stack}`;
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  if (error instanceof UsageError || error instanceof Interrupted || error instanceof LanewiseError) return error.message;
  return `unexpected error: ${error instanceof Error ? error.message : String(error)} (LANEWISE_DEBUG=1 shows where)`;
}

/** On one line and without control characters: names in files and of files may hold any. */
export function printable(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
