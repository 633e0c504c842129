import { printable } from '../failure.js';

/** The banner that nobody shall overlook: results on the stand-in say nothing about Fashion-MNIST. */
export function standInBanner(reason: string): string {
  const lines = [
    'STAND-IN DATA: this is not Fashion-MNIST.',
    `Why: ${printable(reason)}.`,
    'A program draws ten kinds of garment instead. The network and its',
    'training are the same, but the figures below must not be compared with',
    'results on Fashion-MNIST. For the real data name a folder with the four',
    'archives: --data DIR or FASHION_MNIST_DIR.',
  ];
  const rule = '!'.repeat(76);
  return `${[rule, ...lines.map((line) => `!!  ${line}`), rule].join('\n')}\n`;
}
