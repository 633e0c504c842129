/** Work made ready. */
export interface Work {
  run(): unknown;
  close?(): void;
}
type Make = () => Work | Promise<Work>;
export type Cases = Record<string, Make | Record<string, Make>>;
export function serve(about: { version: string; threads: number }, cases: Cases): Promise<void>;
