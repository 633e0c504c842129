/** The script of a worker that trains, bundled into one file with all it needs but the kernels. */
import { serveTrainings } from './serve.node.js';

serveTrainings();
