// What all losses over rows share: a row is one sample, or one step of a sequence; its columns are the last axis.

/**
 * The factor of a row's gradient: its own, [rows], where rows are weighed, else the same for all. A row of factor 0 does not count: neither its
 * loss nor its gradient is looked at.
 */
// @ts-ignore: decorator
@inline
export function scaleOf(rowScale: usize, row: i32, gradientScale: f32): f32 {
  return rowScale == 0 ? gradientScale : load<f32>(rowScale + ((<usize>row) << 2));
}

/** A target with label smoothing: the share `smoothing` of it is spread evenly, `even` on each class. */
// @ts-ignore: decorator
@inline
export function smoothed(target: f32, keep: f32, even: f32): f32 {
  return target * keep + even;
}

/** The first largest of `columns` values. */
export function firstLargest(x: usize, columns: i32): i32 {
  let best = 0;
  for (let c = 1; c < columns; c++) {
    if (load<f32>(x + ((<usize>c) << 2)) > load<f32>(x + ((<usize>best) << 2))) best = c;
  }
  return best;
}
