/** What every reference function reads: numbers in row-major order. Nothing is ever changed in place. */
export type Values = ArrayLike<number>;

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function zeros(shape: readonly number[]): Float64Array {
  return new Float64Array(elementsOf(shape));
}

/** Refuses an array whose length is not the product of its shape: reading past its end would give NaN in silence. */
export function requireShape(name: string, values: Values, shape: readonly number[]): void {
  const expected = elementsOf(shape);
  if (values.length !== expected) {
    throw new RangeError(`${name}: expected [${shape.join(', ')}] = ${expected} values, received ${values.length}`);
  }
}

/** f(0), f(1), …: many times as fast as `Float64Array.from`, which the sweeps feel. */
export function generate(length: number, f: (index: number) => number): Float64Array {
  const values = new Float64Array(length);
  for (let i = 0; i < length; i++) values[i] = f(i);
  return values;
}

/** A fresh array of f(value, index). */
export function map(values: Values, f: (value: number, index: number) => number): Float64Array {
  return generate(values.length, (i) => f(values[i]!, i));
}

/** |values|, element by element: what the absolute sums of an error bound are made of. */
export function absolute(values: Values): Float64Array {
  return map(values, Math.abs);
}
