/** What this engine can do, asked with the smallest module that needs it. */
export interface Features {
  /** 128-bit SIMD: needed. */
  simd: boolean;
  /** Shared memory and atomics: needed, and there even where browsers let no worker share it, on pages that are not cross-origin isolated. */
  threads: boolean;
  /** Relaxed SIMD (fused multiply-add): needed by the relaxed build only. */
  relaxedSimd: boolean;
}

/** A module of one function () → () with the given body. */
function validates(...body: number[]): boolean {
  const code = [0, ...body, 0x0b];
  return WebAssembly.validate(
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, code.length + 2, 1, code.length, ...code),
  );
}

/** A module of nothing but a shared memory of at most one page. */
const SHARED_MEMORY = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 4, 1, 3, 1, 1);

const SIMD = 0xfd;
const DROP = 0x1a;
const zero = [0x41, 0, SIMD, 0x0f]; // i32.const 0; i8x16.splat

export function detectFeatures(): Features {
  return {
    simd: validates(...zero, DROP),
    threads: validates(0xfe, 0x03, 0x00) && WebAssembly.validate(SHARED_MEMORY), // atomic.fence
    relaxedSimd: validates(...zero, ...zero, ...zero, SIMD, 0x85, 0x02, DROP), // f32x4.relaxed_madd
  };
}
