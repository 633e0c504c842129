/** All kernels on the two networks' shapes and on sweeps of sizes, by family. */
import type { Case } from '../case.js';
import { conv2dCases } from './conv2d.js';
import { denseLayerCases } from './dense.js';
import { elementWiseCases } from './element-wise.js';
import { optimizerCases } from './optimizer.js';
import { pool2dCases } from './pool2d.js';
import { recurrentCases } from './recurrent.js';
import { rowCases } from './rows.js';

export const FAMILIES: Readonly<Record<string, readonly Case[]>> = {
  'matrix products': denseLayerCases, convolutions: conv2dCases, pooling: pool2dCases, 'element by element': elementWiseCases,
  'softmax, losses and normalisation': rowCases, 'recurrent layers': recurrentCases, optimizers: optimizerCases,
};
