import { meanSquaredError } from "../../assembly/loss/regression";
import { softmaxBackward, softmaxCrossEntropy, softmaxForward } from "../../assembly/softmax";
import { at, blank, eighths, floats, integers, intact, strays } from "./buffers";

/** softmax of a row in double precision. */
function probabilities(x: usize, row: i32, columns: i32): StaticArray<f64> {
  const p = new StaticArray<f64>(columns);
  let largest = -Infinity, sum: f64 = 0;
  for (let c = 0; c < columns; c++) largest = Math.max(largest, at(x, row * columns + c));
  for (let c = 0; c < columns; c++) sum += Math.exp(at(x, row * columns + c) - largest);
  for (let c = 0; c < columns; c++) p[c] = Math.exp(at(x, row * columns + c) - largest) / sum;
  return p;
}

function checkSoftmax(rows: i32, columns: i32): i32 {
  const x = eighths(rows * columns, 1), dy = eighths(rows * columns, 2), y = blank(rows * columns), dx = blank(rows * columns);
  const scratch = blank(columns + 4);
  for (let block = 0; block < rows; block++) {
    softmaxForward(block, scratch, y, x, rows, columns, 1);
    softmaxBackward(block, scratch, dx, dy, y, rows, columns, 1);
  }
  const expected = new StaticArray<f64>(rows * columns), gradient = new StaticArray<f64>(rows * columns);
  for (let row = 0; row < rows; row++) {
    const p = probabilities(x, row, columns);
    let dot: f64 = 0;
    for (let c = 0; c < columns; c++) dot += p[c] * at(dy, row * columns + c);
    for (let c = 0; c < columns; c++) {
      expected[row * columns + c] = p[c];
      gradient[row * columns + c] = p[c] * (at(dy, row * columns + c) - dot);
    }
  }
  return strays(y, expected, 1e-6) + strays(dx, gradient, 1e-6) + i32(!intact(scratch, columns + 4));
}

function checkCrossEntropy(rows: i32, classes: i32): i32 {
  const logits = eighths(rows * classes, 3), dLogits = blank(rows * classes), rowLoss = blank(rows), rowCorrect = blank(rows);
  const labels = blank(rows), scratch = blank(classes + 4);
  const loss = new StaticArray<f64>(rows), correct = new StaticArray<f64>(rows), gradient = new StaticArray<f64>(rows * classes);
  for (let row = 0; row < rows; row++) {
    const label = (row * 3) % classes;
    store<i32>(labels + ((<usize>row) << 2), label);
    const p = probabilities(logits, row, classes);
    let best = 0;
    for (let c = 1; c < classes; c++) if (at(logits, row * classes + c) > at(logits, row * classes + best)) best = c;
    loss[row] = -Math.log(p[label]);
    correct[row] = f64(best == label);
    for (let c = 0; c < classes; c++) gradient[row * classes + c] = (p[c] - f64(c == label)) / rows;
  }
  for (let block = 0; block * 2 < rows; block++) {
    softmaxCrossEntropy(block, scratch, dLogits, rowLoss, rowCorrect, logits, labels, 0, rows, classes, 2, <f32>1 / <f32>rows, 0);
  }
  return strays(dLogits, gradient, 1e-6) + strays(rowLoss, loss, 1e-6) + strays(rowCorrect, correct, 0);
}

function checkSquaredError(rows: i32, columns: i32): i32 {
  const predictions = eighths(rows * columns, 4), targets = eighths(rows * columns, 5), d = blank(rows * columns), rowLoss = blank(rows);
  for (let block = 0; block * 3 < rows; block++) meanSquaredError(block, 0, d, rowLoss, predictions, targets, 0, rows, columns, 3, 0.25);
  const loss = new StaticArray<f64>(rows), gradient = new StaticArray<f64>(rows * columns);
  for (let i = 0; i < gradient.length; i++) {
    const difference = at(predictions, i) - at(targets, i);
    gradient[i] = difference / 2;
    loss[i / columns] += difference * difference / columns;
  }
  return strays(d, gradient, 0) + strays(rowLoss, loss, 1e-7);
}

describe("rows", () => {
  test("softmax, forward and backward", () => {
    for (let columns = 1; columns <= 9; columns++) expect(checkSoftmax(3, columns)).toBe(0, `${columns} columns`);
    expect(checkSoftmax(2, 100)).toBe(0);
  });

  test("cross-entropy, with gradient and right rows", () => {
    for (let classes = 2; classes <= 9; classes++) expect(checkCrossEntropy(5, classes)).toBe(0, `${classes} classes`);
  });

  test("cross-entropy of extreme logits is finite", () => {
    const logits = floats([1e4, -1e4, 0, 3e38, 0, 0, -3e38, -3e38, -3e38]), d = blank(9), loss = blank(3), correct = blank(3), scratch = blank(8);
    softmaxCrossEntropy(0, scratch, d, loss, correct, logits, integers([1, 0, 2]), 0, 3, 3, 3, 1, 0);
    expect(at(loss, 0)).toBe(20000);
    expect(at(loss, 1)).toBe(0);
    expect(Math.abs(at(loss, 2) - Math.log(3)) < 1e-6).toBe(true);
    for (let i = 0; i < 9; i++) expect(Math.abs(at(d, i)) <= 1).toBe(true, `gradient ${i}`);
    expect(at(correct, 0) == 0 && at(correct, 1) == 1 && at(correct, 2) == 0).toBe(true);
  });

  test("mean squared error, with gradient", () => {
    for (let columns = 1; columns <= 9; columns++) expect(checkSquaredError(7, columns)).toBe(0, `${columns} columns`);
  });
});
