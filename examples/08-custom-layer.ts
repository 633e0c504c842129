/** A layer and a callback of your own: a gated unit learns a product, and a callback stops when it is good enough. */
import { adam, customLayer, layers, sequential } from 'lanewise';
import type { Callbacks } from 'lanewise';

/** (x · kernel + bias) · σ(x · gate). The gradient follows from those of the operations. */
const gatedUnit = customLayer({
  type: 'gatedUnit',
  weights: ([features]) => [
    { name: 'kernel', shape: [features!, 16], initializer: 'glorotUniform' },
    { name: 'gate', shape: [features!, 16], initializer: 'glorotUniform' },
    { name: 'bias', shape: [16], initializer: 'zeros' },
  ],
  call: (x, { matmul, add, multiply, activation }, [kernel, gate, bias]) =>
    multiply(add(matmul(x, kernel!), bias!), activation(matmul(x, gate!), 'sigmoid')),
});

/** Ends the training once the loss is below a limit; the epochs it took are kept. */
function stopBelow(limit: number): Callbacks & { epochs: number } {
  return {
    epochs: 0,
    onEpochEnd(epoch, { loss }) {
      this.epochs = epoch + 1;
      return loss > limit; // false ends the training
    },
  };
}

const x = Array.from({ length: 256 }, (_, i) => [((i * 37) % 64) / 32 - 1, ((i * 23) % 61) / 30.5 - 1]);
const y = x.map(([a, b]) => [a! * b!]);

const model = sequential([gatedUnit({ inputShape: [2] }), gatedUnit(), layers.dense({ units: 1 })], { seed: 1 });
await model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: 'mse' });
const goodEnough = stopBelow(1e-3);
await model.fit(x, y, { epochs: 500, callbacks: goodEnough });

const { data } = await model.predict([[0.5, -0.5], [0.8, 0.7]]);
console.log(`after ${goodEnough.epochs} epochs: 0.5 · -0.5 = ${data[0]!.toFixed(2)}, 0.8 · 0.7 = ${data[1]!.toFixed(2)}`);
