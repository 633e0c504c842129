import type { OutputOptions } from '../options.js';
import type { Streams } from '../streams.js';
import { JsonOutput } from './json-output.js';
import type { Output } from './output.js';
import { QuietOutput } from './quiet-output.js';
import { TextOutput } from './text-output.js';

export function createOutput({ json, quiet }: OutputOptions, streams: Streams): Output {
  if (json) return new JsonOutput(streams, quiet === true);
  return quiet ? new QuietOutput(streams) : new TextOutput(streams);
}
