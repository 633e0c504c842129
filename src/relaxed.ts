/** `import 'lanewise/relaxed'` makes the relaxed build of the kernels part of a browser's program. @module lanewise/relaxed */
import { embedKernels } from './runtime/load.js';

embedKernels('relaxed', () => import('#wasm/relaxed'));
