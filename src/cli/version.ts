import { createRequire } from 'node:module';

/** The package's own version; the sources and what is built from them lie at different depths, so the package is asked for by its name. */
export const VERSION: string = (createRequire(import.meta.url)('lanewise/package.json') as { version: string }).version;
