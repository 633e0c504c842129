/** The figures of epochs as a table in a file. Node only. */
import { appendFile } from 'node:fs/promises';
import { LanewiseError } from '../errors.js';
import type { Callbacks } from '../model/callbacks/callbacks.js';
import { writeFileAtomically } from './whole-file.js';

export interface CsvLoggerOptions {
  /** Default a comma. */
  separator?: string;
}

/**
 * Writes a line for each epoch, after a line of names. A run that is resumed begins with the epochs before, so that the file is that of a run
 * which never stopped, but for times. @throws LanewiseError `write-failed`, in `fit`
 */
export function csvLogger(filename: string, { separator = ',' }: CsvLoggerOptions = {}): Callbacks {
  let names: readonly string[] | undefined;
  const line = (values: readonly (string | number)[]): string => `${values.join(separator)}\n`;
  return {
    async onTrainBegin({ history: { epoch, figures: columns } }) {
      names = epoch.length > 0 ? columns.map(([name]) => name) : undefined;
      const rows = epoch.map((each, index) => line([each, ...columns.map(([, values]) => values[index]!)]));
      await writeFileAtomically(filename, new TextEncoder().encode((names ? line(['epoch', ...names]) : '') + rows.join('')));
    },
    async onEpochEnd(epoch, logs) {
      const header = names ? '' : line(['epoch', ...Object.keys(logs)]);
      names ??= Object.keys(logs);
      const figures: Readonly<Record<string, number | undefined>> = { ...logs };
      try {
        await appendFile(filename, header + line([epoch, ...names.map((name) => figures[name] ?? '')]));
      } catch (cause) {
        throw new LanewiseError('write-failed', 'the table of epochs cannot be written', { where: filename, cause });
      }
    },
  };
}
