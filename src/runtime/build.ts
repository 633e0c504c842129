/**
 * `strict` gives the same bits on every machine, engine and number of threads; `relaxed` fuses multiply and add where the processor can, and
 * promises that no longer.
 */
export type Build = 'strict' | 'relaxed';
export const BUILDS: readonly Build[] = ['strict', 'relaxed'];
