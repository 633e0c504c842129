/**
 * A layer as JSON. Every layer carries the table of its own options, so that a model is written without a list of all layers: a bundle holds the
 * layers it uses and no others. Only reading needs the list, `registry.ts`.
 */
import type { Json, JsonRecord } from '../json.js';
import type { InitializerOptions, LayerOptions } from './layer-options.js';
import type { RegularizerOptions } from './regularizers.js';

export type Kind = 'number' | 'boolean' | 'text' | 'size2d' | 'range' | 'shape' | 'padding2d' | 'regularizer' | 'initializer' | 'layer';

export interface Option {
  readonly kind: Kind;
  /** What the layer takes if the option is left out, given the others; undefined if it must not be left out. */
  readonly default?: Json | ((options: JsonRecord) => Json);
  /** Whether it stands in a config only where it was given. */
  readonly optional?: boolean;
  /** How it is written, where it is no JSON itself. */
  readonly toJson?: (value: unknown) => Json;
}
/** An entry for each option of a layer beside those that all have. */
export type OptionTable<Options = Readonly<Record<string, unknown>>> = { readonly [Key in Exclude<keyof Options, keyof LayerOptions>]-?: Option };

export const number: Option = { kind: 'number' };
export const text: Option = { kind: 'text' };
export const pair: Option = { kind: 'size2d' };
/** A number, or [low, high]. */
export const range: Option = { kind: 'range' };
export const orNot = (kind: Kind, value: NonNullable<Option['default']>): Option => ({ kind, default: value });
/** One that a layer got later: files of before it do not name it, and a model that does without is still the same as theirs. */
export const later = (kind: Kind, value: NonNullable<Option['default']>): Option => ({ kind, default: value, optional: true });
export const regularizer: Option = { kind: 'regularizer', optional: true };
export const initializer: Option = { kind: 'initializer', optional: true };

/** A layer within this one, which has the name of its place. */
export const layer: Option = { kind: 'layer', toJson: unnamedConfig };
export const layerOrNone: Option = { kind: 'layer', optional: true, toJson: unnamedConfig };

/** Of a layer with no options of its own. */
export const NO_OPTIONS: OptionTable<LayerOptions> = {};

/** Options of a layer with a kernel and a bias. */
export const weighted: OptionTable<InitializerOptions & RegularizerOptions> = {
  kernelInitializer: initializer, biasInitializer: initializer, kernelRegularizer: regularizer, biasRegularizer: regularizer,
};

/** What there is to write of a layer. */
interface Described {
  readonly type: string;
  readonly name: string;
  readonly options: LayerOptions;
  readonly optionTable: OptionTable;
  readonly trainable: boolean;
  readonly isCustom: boolean;
}

/** A layer of a model as JSON, every option said, so that a later change of a default changes no model in a file. */
export function layerConfig({ type, name, options, optionTable, trainable, isCustom }: Described): JsonRecord {
  const config: Record<string, Json> = { type, name, ...(isCustom && { custom: true }) };
  const given = options as unknown as Readonly<Record<string, Json | undefined>>;
  if (given['inputShape'] !== undefined) config['inputShape'] = given['inputShape'];
  if (!trainable) config['trainable'] = false;
  for (const [key, { kind, optional, toJson, default: byDefault }] of Object.entries(optionTable)) {
    if (optional && given[key] === undefined) continue;
    const value = given[key] ?? (typeof byDefault === 'function' ? byDefault(config) : byDefault)!;
    config[key] = toJson ? toJson(value) : kind === 'size2d' && typeof value === 'number' ? [value, value] : value;
  }
  return config;
}

function unnamedConfig(layer: unknown): JsonRecord {
  return Object.fromEntries(Object.entries(layerConfig(layer as Described)).filter(([key]) => key !== 'name'));
}
