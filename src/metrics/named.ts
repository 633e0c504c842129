import { LanewiseError } from '../errors.js';
import type { Json } from '../json.js';
import { said } from '../json.js';
import type { FigureName, MetricName } from './metric.js';
import { isFigureName, kindOf } from './metric.js';

/**
 * Name and config of a metric; options that are left at their defaults are `undefined` and not in it.
 * @param kinds the metric's name, and what that is short for
 * @throws LanewiseError `invalid-argument` for a name that is not of this kind
 */
export function named(
  kinds: readonly [MetricName, ...MetricName[]], name: string = kinds[0], options: Readonly<Record<string, Json | undefined>> = {},
): { name: FigureName; config: Json } {
  if (!isFigureName(name) || !(kinds as readonly string[]).includes(kindOf(name))) {
    throw new LanewiseError('invalid-argument', 'a metric cannot have this name', {
      where: kinds[0], expected: `${kinds[0]}, or ${kinds[0]}_ and letters, digits or _`, received: String(name),
    });
  }
  const others = said(options);
  return { name, config: Object.keys(others).length === 0 ? name : { name, ...others } };
}
