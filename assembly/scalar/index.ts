// The kernels without SIMD, as a careful author writes them: register tiles, cache blocks, our own exp and tanh. The benches compare with them;
// the package does not ship them. Layouts are those of the API: NHWC, [kh, kw, in, out], [batch, time, features].
export { tile } from "./product";
export { gemm } from "./gemm";
export { conv2dBackwardInput, conv2dBackwardFilter, conv2dForward } from "./conv2d";
export { maxPoolBackward, maxPoolForward } from "./pool2d";
export { activationBackward, activationForward, softmaxForward } from "./activation";
export { simpleRnnBackward, simpleRnnForward } from "./recurrent";
export { adam } from "./optimizer";
