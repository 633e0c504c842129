/** Kernels as part of the program: what loads them, as `scripts/build-wasm.ts` packs them. */
export type Embedding = () => Promise<{ default: string }>;

/**
 * All kernels of the strict build, not those of the core alone: see BEYOND_CORE in scripts/generate-ops.ts. A layer or optimizer that lays out others names
 * this as its `kernels`, so that a bundle has them if it has such a one, and a page loads them if a model has.
 */
export const allKernels: Embedding = () => import('#wasm/strict');
