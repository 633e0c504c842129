/** Where a command writes. Progress is drawn only where `isTTY` says that a person looks on. */
export interface Streams {
  stdout: OutputStream;
  stderr: OutputStream;
}

export type OutputStream = NodeJS.WritableStream & { isTTY?: boolean };
