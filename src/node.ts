/** What only Node has: data sets and weights in files. */
export { loadFashionMnist } from './data/fashion-mnist.js';
export { loadSignals } from './data/signals-file.js';
export { writeFileAtomically } from './io/files.js';
