/**
 * The judge of every fast kernel: plain loops in double precision, written to be read. Pure functions over row-major
 * values, each returning fresh arrays.
 */
export * from './activation.js';
export * from './cells.js';
export * from './conv2d.js';
export * from './data.js';
export * from './gemm.js';
export * from './geometry.js';
export * from './gradient-check.js';
export * from './loss.js';
export * from './batch-norm.js';
export * from './layer-norm.js';
export * from './optimizer.js';
export * from './pad.js';
export * from './pointwise.js';
export * from './pool2d.js';
export * from './recurrent.js';
export * from './reduce.js';
export * from './tolerance.js';
export * from './values.js';
export * from './winograd.js';
