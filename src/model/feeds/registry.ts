import { LanewiseError } from '../../errors.js';
import type { JsonRecord } from '../../json.js';
import { alternatingFlip } from './alternating-flip.js';
import { infoBatch } from './info-batch.js';
import type { Sampler } from './sampler.js';

const SAMPLERS: Readonly<Record<string, (options: JsonRecord) => Sampler>> = { alternatingFlip, infoBatch };

/** The sampler of a config. @throws LanewiseError `unsupported` for one that is not ours */
export function samplerFromConfig({ name, ...options }: JsonRecord): Sampler {
  const make = typeof name === 'string' && Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined;
  if (make) return make(options);
  throw new LanewiseError('unsupported', 'a sampler that cannot be told by its config', {
    where: 'sampler', expected: Object.keys(SAMPLERS).join(', '), received: JSON.stringify(name) ?? 'none',
  });
}
