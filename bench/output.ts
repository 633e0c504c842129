/** Results as an aligned table for people, as Markdown for documents, or as one JSON object a line for programs. */
import type { Command } from 'commander';
import { describeMachine, machineLine } from './machine.js';

export { figure } from './figure.js';

export type Format = 'text' | 'markdown' | 'json';

export interface OutputOptions {
  json?: boolean;
  markdown?: boolean;
}

/** Adds the options that say how results are written. */
export const withOutputOptions = (command: Command): Command =>
  command.option('--json', 'one JSON object a line').option('--markdown', 'tables in Markdown');

export interface Column<Row> {
  title: string;
  /** Characters in the aligned table. */
  width: number;
  text: (row: Row) => string;
}

export class Output {
  readonly format: Format;

  constructor({ json, markdown }: OutputOptions) {
    this.format = json ? 'json' : markdown ? 'markdown' : 'text';
  }

  /** Says what is measured, on which machine and by which command. */
  begin(about: string): void {
    const machine = describeMachine();
    if (this.format === 'json') console.log(JSON.stringify({ about, ...machine }));
    else this.note(`${about}\n${machineLine(machine)}`);
  }

  /** A remark between tables. */
  note(text: string): void {
    if (this.format !== 'json') console.log(`${text}\n`);
  }

  /** Begins a table and returns what prints a row of it. The first column is text, the others numbers. */
  table<Row extends object>(title: string, columns: readonly Column<Row>[]): (row: Row) => void {
    if (this.format === 'json') return (row) => console.log(JSON.stringify({ table: title, ...row }));
    const titles = columns.map((column) => column.title);
    if (this.format === 'markdown') {
      console.log(`**${title}**\n\n| ${titles.join(' | ')} |\n| ${titles.map((_, index) => (index === 0 ? '---' : '---:')).join(' | ')} |`);
      return (row) => console.log(`| ${columns.map(({ text }) => text(row)).join(' | ')} |`);
    }
    const line = (cells: readonly string[]): string =>
      cells.map((cell, index) => (index === 0 ? cell.padEnd(columns[0]!.width) : cell.padStart(columns[index]!.width))).join('  ').trimEnd();
    console.log(`${title}\n${line(titles)}`);
    return (row) => console.log(line(columns.map(({ text }) => text(row))));
  }

  /** Ends a table. */
  end(): void {
    if (this.format !== 'json') console.log();
  }
}
