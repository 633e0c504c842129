import { Argument, Command } from 'commander';
import { NETWORKS, type NetworkName } from '../networks/preset.js';
import { demo } from './demo.js';
import { evaluate } from './evaluate.js';
import { info } from './info.js';
import {
  DEFAULT_SEED, buildOption, countOption, presetOption, threadsOption,
  type DemoOptions, type EvaluateOptions, type OutputOptions, type TrainOptions,
} from './options.js';
import type { Streams } from './streams.js';
import { train } from './train.js';
import { VERSION } from './version.js';

const ENVIRONMENT = `
Environment:
  FASHION_MNIST_DIR    a folder with the four archives of Fashion-MNIST
  LANEWISE_OFFLINE=1   never download anything
  LANEWISE_DEBUG=1     show the stack of an error`;

/** The command line's grammar. Its errors come as CommanderError; nothing is printed but help and version. */
export function createProgram(streams: Streams): Command {
  const program = new Command('lanewise')
    .description('Trains neural networks on the CPU in WebAssembly SIMD.')
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText('after', ENVIRONMENT)
    .exitOverride()
    .configureOutput({ writeOut: (text) => streams.stdout.write(text), outputError: () => {} });

  program
    .command('train')
    .description('train a network')
    .addArgument(network())
    .addOption(presetOption().default(undefined, "seed, or the resumed run's own"))
    .option('--data <path>', DATA)
    .addOption(countOption('--epochs <n>', 'passes over the training data (default: by preset)'))
    .addOption(countOption('--batch-size <n>', 'samples in a training step (default: by preset)'))
    .addOption(countOption('--limit <n>', 'train on the first n training rows only'))
    .addOption(countOption('--holdout <n>', 'judge by the last n training rows, kept out of training, instead of the test rows'))
    .addOption(threadsOption())
    .addOption(buildOption())
    .addOption(countOption('--seed <n>', 'decides initial weights, order of rows and dropout', 0, Number.MAX_SAFE_INTEGER)
      .default(undefined, `${DEFAULT_SEED}, or the resumed run's own`))
    .addOption(horizon())
    .option('--report <file.html>', 'write a report')
    .option('--save <file.safetensors>', 'write the weights')
    .option('--checkpoint <file.safetensors>', 'keep the state of the training there, after each epoch and on Ctrl-C')
    .addOption(countOption('--every <n>', 'write the checkpoint after every n steps instead'))
    .option('--resume <file.safetensors>', 'go on from a checkpoint, to the same bits as without the stop')
    .option('--json', 'one JSON object a line on standard output, and nothing else')
    .option('--quiet', 'only the result')
    .action((name: NetworkName, options: TrainOptions) => train(name, options, streams));

  program
    .command('evaluate')
    .description('measure a trained network on the test data')
    .addArgument(network())
    .requiredOption('--weights <file.safetensors>', 'weights that train --save wrote')
    .addOption(presetOption().default(undefined, "the weights' own"))
    .option('--data <path>', DATA)
    .addOption(horizon().default(undefined, "the weights' own"))
    .addOption(threadsOption())
    .addOption(buildOption())
    .option('--json', 'one JSON object a line on standard output, and nothing else')
    .option('--quiet', 'only the result')
    .action((name: NetworkName, options: EvaluateOptions) => evaluate(name, options, streams));

  program
    .command('demo')
    .description('train both networks in their quick presets and write a report')
    .option('--report <file.html>', 'where to write the report', 'lanewise-report.html')
    .option('--short', 'fewer images and epochs: ends in about 15 seconds')
    .addOption(threadsOption())
    .addOption(buildOption())
    .option('--json', 'one JSON object a line on standard output, and nothing else')
    .option('--quiet', 'only the results')
    .action((options: DemoOptions) => demo(options, streams));

  program
    .command('info')
    .description('show version, features of the engine, threads and builds')
    .option('--json', 'as one JSON object')
    .action((options: OutputOptions) => info(options, streams));

  return program;
}

const DATA = 'a folder with the archives of Fashion-MNIST, or an .npy file of signals (default: looked for, downloaded or generated)';
const network = (): Argument => new Argument('<network>', 'the network').choices(NETWORKS);
const horizon = () => countOption('--horizon <n>', 'signals: predict so many samples ahead (default: 1)');
