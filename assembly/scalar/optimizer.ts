/** Adam: m += (g - m)·gain1; v += (g² - v)·gain2; w -= rate · m / (√v + epsilon). w, g, m, v: [size]. */
export function adam(w: usize, g: usize, m: usize, v: usize, size: i32, rate: f32, gain1: f32, gain2: f32, epsilon: f32): void {
  for (let i: usize = 0, end = (<usize>size) << 2; i < end; i += 4) {
    const gradient = load<f32>(g + i);
    const mean = load<f32>(m + i) + (gradient - load<f32>(m + i)) * gain1;
    const square = load<f32>(v + i) + (gradient * gradient - load<f32>(v + i)) * gain2;
    store<f32>(m + i, mean);
    store<f32>(v + i, square);
    store<f32>(w + i, load<f32>(w + i) - (rate * mean) / (sqrt(square) + epsilon));
  }
}
