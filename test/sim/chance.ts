/** The one source of chance of a simulated run: whatever could be otherwise is drawn here, so that a seed is a history. */

/** One step of splitmix32: spreads neighbouring seeds over all of 32 bits. */
function spread(seed: number): number {
  let mixed = (seed + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** xorshift128 (Marsaglia 2003), seeded by splitmix32: small, fast, the same on every machine. */
export class Chance {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    this.#a = spread(seed);
    this.#b = spread(this.#a);
    this.#c = spread(this.#b);
    this.#d = spread(this.#c) | 1; // never all zero: that state would stay what it is
  }

  /** A whole number of 32 bits. */
  bits(): number {
    let mixed = this.#d;
    mixed ^= mixed << 11;
    mixed ^= mixed >>> 8;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = this.#a;
    this.#a = (mixed ^ this.#a ^ (this.#a >>> 19)) >>> 0;
    return this.#a;
  }

  /** At least 0, less than 1. */
  share(): number {
    return this.bits() / 2 ** 32;
  }

  /** A whole number of both bounds or between them. */
  between(least: number, most: number): number {
    return least + Math.floor(this.share() * (most - least + 1));
  }

  /** True in so many of a hundred cases as `probability` says. Draws nothing where there is nothing to decide. */
  maybe(probability: number): boolean {
    return probability > 0 && this.share() < probability;
  }

  pick<A>(list: ReadonlyArray<A>): A {
    return list[this.between(0, list.length - 1)]!;
  }

  /** One of these, each as often as its weight says. */
  weighted<A>(list: ReadonlyArray<readonly [weight: number, value: A]>): A {
    let left = this.share() * list.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, value] of list) {
      left -= weight;
      if (left < 0) return value;
    }
    return list.at(-1)![1];
  }

  /** The same bytes, filled. */
  fill(bytes: Uint8Array): Uint8Array {
    for (let index = 0; index < bytes.length; index++) bytes[index] = this.bits() & 0xff;
    return bytes;
  }
}
