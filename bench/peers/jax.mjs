/**
 * jax-js on its WebAssembly backend, which has one thread in Node. It has no layers and no optimizers: they are written out here. Every function
 * takes the arrays it is given over; `.ref` keeps one for another use.
 */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { readFileSync } from 'node:fs';
import { serve } from './serve.mjs';

await init('wasm');
defaultDevice('wasm');

const TIME = 499;

/** Numbers around zero, at most `scale` from it. */
function noise(shape, scale = 1) {
  const length = shape.reduce((product, size) => product * size, 1);
  return np.array(Float32Array.from({ length }, () => scale * (2 * Math.random() - 1))).reshape(shape);
}

/**
 * Products over patches gathered by slices (`im2col`, NHWC), or the library's own convolution (`conv`, NCHW). The latter only predicts here: it
 * takes 3100 ms forward where the former takes 116 (the second convolution), and its training is not done compiling after minutes.
 */
const CONVOLUTIONS = {
  im2col: {
    image: [128, 28, 28, 1],
    filter: (inC) => noise([9 * inC, 64], 0.1),
    apply(x, filter) {
      const [batch, height, width, channels] = x.shape;
      const [h, w] = [height - 2, width - 2];
      const taps = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => x.ref.slice([], [i, i + h], [j, j + w], [])));
      x.dispose();
      return np.matmul(np.concatenate(taps, -1).reshape([batch * h * w, 9 * channels]), filter).reshape([batch, h, w, 64]);
    },
    bias: [64],
    pool: (x) => np.max(x.reshape([128, 13, 2, 13, 2, 64]), [2, 4]),
  },
  conv: {
    image: [128, 1, 28, 28],
    filter: (inC) => noise([64, inC, 3, 3], 0.1),
    apply: (x, filter) => lax.conv(x, filter, [1, 1], 'VALID'),
    bias: [64, 1, 1],
    pool: (x) => np.max(x.reshape([128, 64, 13, 2, 13, 2]), [3, 5]),
  },
};

const cnnWeights = ({ filter, bias }) => ({
  filter1: filter(1), bias1: np.zeros(bias), filter2: filter(64), bias2: np.zeros(bias),
  kernel3: noise([7744, 128], 0.02), bias3: np.zeros([128]), kernel4: noise([128, 10], 0.1), bias4: np.zeros([10]),
});

/** 0 for the share `rate`, for the others what makes up for it. */
const mask = (key, rate, shape) => random.bernoulli(key, 1 - rate, shape).astype(np.float32).mul(1 / (1 - rate));

/** Logits; without keys there is no dropout. */
function cnn({ apply, pool }, weights, x, keys) {
  const drop = (y, key) => (key ? y.mul(mask(key, 0.3, y.shape)) : y);
  const first = pool(nn.relu(apply(x, weights.filter1).add(weights.bias1)));
  const second = nn.relu(apply(first, weights.filter2).add(weights.bias2)).reshape([128, 7744]);
  const third = np.matmul(drop(second, keys?.[0]), weights.kernel3).add(weights.bias3);
  return np.matmul(drop(third, keys?.[1]), weights.kernel4).add(weights.bias4);
}

/** A step of Adam on each weight of a tree of weights. */
function adam(weights, gradients, moments, squares) {
  const m = tree.map((old, g) => old.mul(0.9).add(g.mul(0.1)), moments, tree.ref(gradients));
  const v = tree.map((old, g) => old.mul(0.999).add(np.square(g).mul(0.001)), squares, gradients);
  const next = tree.map((w, mean, square) => w.sub(mean.mul(1e-3).div(np.sqrt(square).add(1e-7))), weights, tree.ref(m), tree.ref(v));
  return [next, m, v];
}

/** Training steps over batches of arrays, compiled as one function of weights, moments and batch. loss(weights, key, ...batch) */
function training(weights, loss, batches) {
  let state = [weights, tree.map((w) => np.zerosLike(w), tree.ref(weights)), tree.map((w) => np.zerosLike(w), tree.ref(weights))];
  let key = random.key(1);
  const step = jit((w, m, v, dropoutKey, ...batch) => {
    const [value, gradients] = valueAndGrad((weightsNow) => loss(weightsNow, dropoutKey, ...batch))(tree.ref(w));
    return [value, adam(w, gradients, m, v)];
  });
  return {
    async run() {
      for (const batch of batches) {
        const [next, used] = random.split(key, 2);
        key = next;
        const [value, after] = step(...state, used, ...tree.ref(batch));
        state = after;
        await blockUntilReady(state);
        value.dispose();
      }
    },
    close: () => tree.dispose([state, key, batches]),
  };
}

function cnnTrain(convolution) {
  const y = np.array(Float32Array.from({ length: 1280 }, (_, i) => Number(i % 10 === Math.floor(i / 10) % 10))).reshape([128, 10]);
  const loss = (weights, key, x, target) => {
    const [first, second] = random.split(key, 2);
    const logits = cnn(convolution, weights, x, [first, second]);
    return np.sum(nn.logSoftmax(logits).mul(target)).mul(-1 / 128);
  };
  return training(cnnWeights(convolution), loss, [[noise(convolution.image), y]]);
}

function cnnPredict(convolution) {
  const weights = cnnWeights(convolution);
  const x = noise(convolution.image);
  const predict = jit((w, images) => nn.softmax(cnn(convolution, w, images)));
  return {
    async run() {
      const y = predict(tree.ref(weights), x.ref);
      await y.data();
    },
    close: () => tree.dispose([weights, x]),
  };
}

/** The recurrent network of the task. The library has no loop over steps: it is unrolled, once for each size of batch. */
function signalsEpoch() {
  const units = [20, 10, 5];
  const sizes = [1, ...units];
  const weights = {
    layers: units.map((size, layer) => ({ kernel: noise([sizes[layer], size], 0.5), recurrent: noise([size, size], 0.2), bias: np.zeros([size]) })),
    kernel: noise([5, 1]), bias: np.zeros([1]),
  };
  const loss = ({ layers, kernel, bias }, key, x, y) => {
    const batch = x.shape[1];
    const keys = [...random.split(key, layers.length)];
    let sequence = Array.from({ length: TIME }, (_, t) => x.ref.slice(t));
    x.dispose();
    layers.forEach((layer, index) => {
      const dropped = mask(keys[index], 0.2, [batch, sizes[index]]); // one mask a sequence, as in Keras
      let h;
      sequence = sequence.map((input) => {
        const sum = np.matmul(input.mul(dropped.ref), layer.kernel.ref).add(layer.bias.ref);
        h = np.tanh(h ? sum.add(np.matmul(h, layer.recurrent.ref)) : sum);
        return h.ref;
      });
      tree.dispose([h, dropped, layer]);
    });
    const predicted = np.matmul(np.stack(sequence).reshape([TIME * batch, 5]), kernel).add(bias).reshape([TIME, batch, 1]);
    return np.mean(np.square(predicted.sub(y)));
  };
  return training(weights, loss, [32, 32, 2].map((rows) => [noise([TIME, rows, 1]), noise([TIME, rows, 1])]));
}

function gemm(size) {
  const [a, b] = [noise([size, size]), noise([size, size])];
  return { run: async () => (await blockUntilReady(np.matmul(a.ref, b.ref))).dispose(), close: () => tree.dispose([a, b]) };
}

const { version } = JSON.parse(readFileSync(new URL('node_modules/@jax-js/jax/package.json', import.meta.url), 'utf8'));

await serve({ version: `jax-js ${version}, wasm backend`, threads: 1, compiles: true }, {
  'cnn-train': { im2col: () => cnnTrain(CONVOLUTIONS.im2col) },
  'cnn-predict': Object.fromEntries(Object.entries(CONVOLUTIONS).map(([name, convolution]) => [name, () => cnnPredict(convolution)])),
  'signals-epoch': signalsEpoch,
  ...Object.fromEntries([64, 128, 256, 512, 1024].map((size) => [`gemm-${size}`, () => gemm(size)])),
});
