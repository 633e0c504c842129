/** Seeded changes to bytes and texts: the same seed gives the same inputs. */
import { Purpose, RandomStream } from '../../src/random.js';

const BYTES = [0, 1, 2, 9, 10, 32, 34, 44, 48, 57, 58, 91, 92, 93, 123, 125, 127, 128, 192, 239, 255];
const NUMBERS = [
  '0', '-0', '1', '-1', '2', '7', '255', '256', '65536', '2147483647', '2147483648', '4294967295', '4294967296', '4294967300', '9007199254740991',
  '9007199254740993', '18446744073709551615', '18446744073709551616', '1e3', '1e400', '-1e400', '0.5', '4.0', '1e-400', '01', '+1', '.5', 'NaN', 'Infinity',
];
const SNIPPETS = [
  '"__proto__":{"polluted":true},', '"constructor":{},', '"a":1,"a":2,', 'null', 'true', '[]', '{}', '""', '"\\u0000"', '"\\ud800"', '"../../etc/passwd"',
  '"http://x/y"', '[[[[[[[[', '{"a":{"a":{"a":', '\\', '"', '\u2028', '\ufeff', '\u0000', ' \n\t\r', '"version":2,', '"type":"Lambda",', "'", '(', ',)',
];

export class Mutator {
  private readonly random: RandomStream;

  constructor(seed: number) {
    this.random = new RandomStream(seed, Purpose.initialize);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random.integer(items.length)]!;
  }

  chance(share: number): boolean {
    return this.random.uniform() < share;
  }

  below(bound: number): number {
    return bound < 1 ? 0 : this.random.integer(bound);
  }

  /** One to four changes. `others`: inputs of the same kind, of which pieces may be taken. */
  bytes(input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
    let result = input;
    for (let left = 1 + this.below(4); left > 0; left--) result = this.changeBytes(result, others);
    return result;
  }

  private changeBytes(input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
    const at = this.below(input.length);
    const length = 1 + this.below(this.chance(0.5) ? 8 : input.length);
    const copy = Uint8Array.from(input);
    switch (this.below(8)) {
      case 0: // a bit
        copy[at]! ^= 1 << this.below(8);
        return copy;
      case 1: // a byte
        copy[at] = this.pick(BYTES);
        return copy;
      case 2: // a number of four bytes, either way round
        if (at + 4 <= copy.length) new DataView(copy.buffer).setUint32(at, this.pick([0, 1, 255, 2 ** 31, 2 ** 32 - 1, this.below(2 ** 32)]), this.chance(0.5));
        return copy;
      case 3: // cut off
        return copy.subarray(0, at);
      case 4: // cut out
        return Buffer.concat([copy.subarray(0, at), copy.subarray(at + length)]);
      case 5: // twice
        return Buffer.concat([copy.subarray(0, at), copy.subarray(at, at + length), copy.subarray(at)]);
      case 6: // something inserted
        return Buffer.concat([copy.subarray(0, at), Uint8Array.from({ length: this.below(20) }, () => this.below(256)), copy.subarray(at)]);
      default: { // the end of another
        const other = this.pick(others);
        return Buffer.concat([copy.subarray(0, at), other.subarray(this.below(other.length))]);
      }
    }
  }

  /** One to three changes of a text that is made of numbers, words and marks. */
  text(input: string, others: readonly string[]): string {
    let result = input;
    for (let left = 1 + this.below(3); left > 0; left--) result = this.changeText(result, others);
    return result;
  }

  private changeText(input: string, others: readonly string[]): string {
    const tokens = input.match(/[\w.+-]+|"[^"]*"|'[^']*'|\s+|[^\w\s]/g) ?? [];
    const at = this.below(tokens.length);
    switch (this.below(8)) {
      case 0:
      case 1: { // another number in the place of one
        const numbers = tokens.flatMap((token, index) => (/^-?\d/.test(token) ? [index] : []));
        if (numbers.length > 0) tokens[this.pick(numbers)] = this.pick(NUMBERS);
        return tokens.join('');
      }
      case 2:
        tokens[at] = this.pick(NUMBERS);
        return tokens.join('');
      case 3:
        tokens.splice(at, 0, this.pick(SNIPPETS));
        return tokens.join('');
      case 4:
        tokens.splice(at, 1 + this.below(6));
        return tokens.join('');
      case 5:
        tokens.splice(at, 0, ...tokens.slice(at, at + 1 + this.below(12)));
        return tokens.join('');
      case 6: { // two tokens change places
        const other = this.below(tokens.length);
        [tokens[at], tokens[other]] = [tokens[other] ?? '', tokens[at] ?? ''];
        return tokens.join('');
      }
      default: {
        const other = this.pick(others);
        return tokens.slice(0, at).join('') + other.slice(this.below(other.length));
      }
    }
  }
}
