/** Engines that lack something: one clear error. A process of its own, because compiled kernels are kept. */
import assert from 'node:assert/strict';
import { afterEach, describe, it, mock } from 'node:test';
import { dense } from '../../src/layers/core/dense.js';
import { sequential, sgd } from '../../src/entry.node.js';
import { LanewiseError } from '../../src/errors.js';
import { detectFeatures } from '../../src/runtime/features.js';

afterEach(() => mock.restoreAll());

async function compileError(): Promise<LanewiseError> {
  const model = sequential([dense({ units: 1, inputShape: [1] })]);
  try {
    await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  return assert.fail('compiled');
}

describe('an engine without', () => {
  it('SIMD is refused', async () => {
    mock.method(WebAssembly, 'validate', () => false);
    const { code, message } = await compileError();
    assert.equal(code, 'unsupported');
    assert.match(message, /no SIMD.*Node 20\.19/);
  });

  it('shared memory is refused', async () => {
    const validate = WebAssembly.validate.bind(WebAssembly);
    mock.method(WebAssembly, 'validate', (bytes: Uint8Array<ArrayBuffer>) => bytes[8] !== 5 && validate(bytes)); // 5: a memory section comes first
    assert.equal(detectFeatures().threads, false);
    const { code, message } = await compileError();
    assert.equal(code, 'unsupported');
    assert.match(message, /shared memory/);
  });

  it('leave to compile WebAssembly is refused with the way out', async () => {
    mock.method(WebAssembly, 'compile', () => Promise.reject(new WebAssembly.CompileError('blocked by CSP')));
    const { code, message } = await compileError();
    assert.equal(code, 'unsupported');
    assert.match(message, /wasm-unsafe-eval/);
  });

  it('memory enough is refused', async () => {
    mock.method(WebAssembly, 'Memory', () => {
      throw new RangeError('could not allocate memory');
    });
    assert.equal((await compileError()).code, 'out-of-memory');
  });

  it('any of these is tried anew the next time', async () => {
    const model = sequential([dense({ units: 1, inputShape: [1] })]);
    await model.compile({ optimizer: sgd(), loss: 'mse', threads: 1 });
    assert.equal(model.threads, 1);
  });
});
