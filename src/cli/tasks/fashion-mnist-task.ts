import { loadFashionMnist } from '../../data/fashion-mnist.js';
import { generateGarments } from '../../data/garments.js';
import type { ImageDataset } from '../../data/image-dataset.js';
import { LanewiseError } from '../../errors.js';
import { sparseCategoricalCrossentropy } from '../../losses/categorical.js';
import { FASHION_MNIST_PRESETS, fashionMnistNetwork } from '../../networks/fashion-mnist.js';
import { classifierReport } from '../report/classifier-report.js';
import type { Output } from '../output/output.js';
import { customize, judgingRows, trainingRows, type Samples, type Task, type TaskOptions } from './task.js';

export async function fashionMnistTask(options: TaskOptions, output: Output): Promise<Task> {
  const preset = FASHION_MNIST_PRESETS[options.preset];
  const { train, test, source, synthetic } = await loadImages(options.data, output);
  const rows = (of: 'images' | 'labels'): { train: Samples['x']; test: Samples['x'] } => ({
    train: trainingRows(train[of], options.limit ?? preset.rows, options.holdout),
    test: judgingRows(train[of], test[of], options.holdout),
  });
  const images = rows('images');
  const labels = rows('labels');
  return {
    name: 'fashion-mnist', title: synthetic ? 'Garment classifier' : 'Fashion-MNIST classifier', noun: 'image',
    preset: options.preset, seed: options.seed, source, synthetic,
    train: { x: images.train, y: labels.train },
    test: { x: images.test, y: labels.test },
    training: customize(preset, options),
    compile: { loss: sparseCategoricalCrossentropy({ labelSmoothing: preset.labelSmoothing ?? 0 }), metrics: ['accuracy'] },
    inputDropout: 0,
    createModel: () => fashionMnistNetwork(preset, options.seed),
    reportSection: classifierReport,
  };
}

/** The real data from the folder given, found or filled by a download; where none of that can be, the stand-in. Broken files are an error. */
async function loadImages(directory: string | undefined, output: Output): Promise<ImageDataset> {
  const offline = process.env['LANEWISE_OFFLINE'] === '1';
  try {
    return await loadFashionMnist({ directory, offline, onProgress: (progress) => output.download(progress) });
  } catch (error) {
    const nowhere = error instanceof LanewiseError && (error.code === 'network-failed' || error.code === 'file-not-found');
    if (directory !== undefined || !nowhere) throw error;
    output.standIn(offline ? 'its archives were not found, and LANEWISE_OFFLINE forbids a download' : error.message);
    return generateGarments();
  } finally {
    output.clear();
  }
}
