import { exitCodeOf, failureLine } from './failure.js';
import { createProgram } from './program.js';
import type { Streams } from './streams.js';

/** Runs the command line. @returns the exit code: 0, 1 (failed), 2 (not understood), or 128 and the number of the signal that ended a run */
export async function run(args: readonly string[], streams: Streams): Promise<number> {
  const program = createProgram(streams);
  if (args.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode !== 0) streams.stderr.write(failureLine(error));
    return exitCode;
  }
}
