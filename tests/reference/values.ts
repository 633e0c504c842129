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

/** A fresh array of f(value, index). */
export function map(values: Values, f: (value: number, index: number) => number): Float64Array {
  return Float64Array.from(values, f);
}

/** |values|, element by element: what the absolute sums of an error bound are made of. */
export function absolute(values: Values): Float64Array {
  return map(values, Math.abs);
}
