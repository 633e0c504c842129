/** How `asp` finds, compiles and runs the kernel specs. */
export default {
  entries: ['tests/kernels/*.spec.ts'],
  include: [],
  disclude: [/node_modules/],
  // a kernel touches nothing but memory, so the specs need no imports beyond as-pect's own
  instantiate: (memory, createImports, instantiate, binary) => instantiate(binary, createImports({ env: { memory } })),
  outputBinary: false,
};
