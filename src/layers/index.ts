export { activation } from './activation.js';
export { conv2d } from './conv2d.js';
export { dense } from './dense.js';
export { dropout } from './dropout.js';
export { flatten } from './flatten.js';
export { maxPooling2d } from './max-pooling2d.js';
export { rescaling } from './rescaling.js';
export { simpleRNN } from './simple-rnn.js';
