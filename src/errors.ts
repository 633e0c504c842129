/**
 * The one error family of Lanewise. Every refusal is a `LanewiseError` with a stable `code`, and says what happened,
 * what was expected, what was received and what to do about it.
 */
export type ErrorCode =
  | 'invalid-argument' // an option or value outside its range
  | 'invalid-shape' // a shape or rank that does not fit
  | 'invalid-state' // a call out of order, such as fit before compile
  | 'invalid-data' // values that must not reach a step: NaN, a label out of range, an empty set
  | 'invalid-file' // a file that breaks the rules of its format
  | 'checkpoint-mismatch' // a checkpoint of another model, optimizer or data
  | 'file-not-found'
  | 'write-failed' // a file or folder that cannot be written
  | 'network-failed' // a download that did not succeed
  | 'wasm-altered' // the kernels are not those of this version
  | 'unsupported' // the engine or the format lacks what is needed
  | 'out-of-memory'
  | 'not-finite' // loss became NaN or infinite
  | 'worker-failed';

export interface ErrorDetails {
  /** Where: the layer, file, tensor or row concerned. */
  where?: string;
  expected?: string;
  received?: string;
  /** What the user can do about it. */
  remedy?: string;
  cause?: unknown;
}

export class LanewiseError extends Error {
  override readonly name = 'LanewiseError';
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;
  readonly remedy: string | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly summary: string,
    details: ErrorDetails = {},
  ) {
    super(compose(summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.where = details.where;
    this.expected = details.expected;
    this.received = details.received;
    this.remedy = details.remedy;
  }
}

/** What a file says may be as long as it likes; a message may not. */
const LONGEST_FACT = 500;
const short = (text: string): string => (text.length <= LONGEST_FACT ? text : `${text.slice(0, LONGEST_FACT)}…`);

/** One line: `where: summary (expected …, received …). Remedy.` */
function compose(summary: string, { where, expected, received, remedy }: ErrorDetails): string {
  const facts = [expected && `expected ${short(expected)}`, received !== undefined && `received ${short(received) || 'nothing'}`].filter(Boolean).join(', ');
  return `${where ? `${where}: ` : ''}${summary}${facts ? ` (${facts})` : ''}${remedy ? `. ${remedy}` : ''}`;
}
