/** The initialisers, for the options `kernelInitializer`, `biasInitializer` and their like; without numbers of its own a name does as well. */
import type { ConfiguredInitializer, Distribution, FanMode, Initializer } from '../initializers.js';
import { requireInitializer } from '../initializers.js';

const checked = (config: ConfiguredInitializer): Initializer => requireInitializer(config, config.name, 'initializers');

/** All zeros. */
export const zeros = (): Initializer => 'zeros';
/** All ones. */
export const ones = (): Initializer => 'ones';
/** All the same. Default 0. @throws LanewiseError `invalid-argument` */
export const constant = ({ value = 0 } = {}): Initializer => checked({ name: 'constant', value });
/** Normal. Defaults: mean 0, stddev 0.05. @throws LanewiseError `invalid-argument` */
export const randomNormal = ({ mean = 0, stddev = 0.05 } = {}): Initializer => checked({ name: 'randomNormal', mean, stddev });
/** Normal, drawn anew where it lies more than two standard deviations from the mean. Defaults: mean 0, stddev 0.05. @throws LanewiseError `invalid-argument` */
export const truncatedNormal = ({ mean = 0, stddev = 0.05 } = {}): Initializer => checked({ name: 'truncatedNormal', mean, stddev });
/** Uniform in [minval, maxval). Defaults: -0.05 and 0.05. @throws LanewiseError `invalid-argument` */
export const randomUniform = ({ minval = -0.05, maxval = 0.05 } = {}): Initializer => checked({ name: 'randomUniform', minval, maxval });

export interface VarianceScalingOptions {
  /** Default 1. */
  scale?: number;
  /** Default `fanIn`. */
  mode?: FanMode;
  /** Default `truncatedNormal`. */
  distribution?: Distribution;
}

/** Of variance scale / fan: a fan is the number of inputs or outputs of a unit, or the mean of both. @throws LanewiseError `invalid-argument` */
export const varianceScaling = ({ scale = 1, mode = 'fanIn', distribution = 'truncatedNormal' }: VarianceScalingOptions = {}): Initializer =>
  checked({ name: 'varianceScaling', scale, mode, distribution });
/** Truncated normal of variance 2 / (fanIn + fanOut) (Glorot and Bengio, 2010). */
export const glorotNormal = (): Initializer => 'glorotNormal';
/** Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio, 2010): what most kernels begin with. */
export const glorotUniform = (): Initializer => 'glorotUniform';
/** Truncated normal of variance 2 / fanIn (He et al., 2015): for layers before a ReLU. */
export const heNormal = (): Initializer => 'heNormal';
/** Uniform in ±√(6 / fanIn) (He et al., 2015). */
export const heUniform = (): Initializer => 'heUniform';
/** Truncated normal of variance 1 / fanIn (LeCun et al., 1998). */
export const lecunNormal = (): Initializer => 'lecunNormal';
/** Uniform in ±√(3 / fanIn) (LeCun et al., 1998). */
export const lecunUniform = (): Initializer => 'lecunUniform';
/** Orthonormal columns or rows, times gain. Default 1. @throws LanewiseError `invalid-argument` */
export const orthogonal = ({ gain = 1 } = {}): Initializer => checked({ name: 'orthogonal', gain });
/** gain on the diagonal of a matrix, zeros elsewhere. Default 1. @throws LanewiseError `invalid-argument` */
export const identity = ({ gain = 1 } = {}): Initializer => checked({ name: 'identity', gain });

export type { Distribution, FanMode } from '../initializers.js';
