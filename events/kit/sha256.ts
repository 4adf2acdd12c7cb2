/** SHA-256 (FIPS 180-4) as a pure function; the floor of facts may not reach for a platform's own. Used by ids. */

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of 8. */
const [ROUND, START] = (() => {
  const primes: number[] = [];
  for (let candidate = 2; primes.length < 64; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes, (p) => fraction(Math.cbrt(p))),
    primes.slice(0, 8).map((p) => fraction(Math.sqrt(p))),
  ];
})();

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The schedule of the block at hand. */
const words = new Int32Array(64);

/** Takes one block of 64 bytes into the eight words of the hash. */
function compress(hash: Int32Array, bytes: Uint8Array, start: number): void {
  for (let index = 0, at = start; index < 16; index++, at += 4)
    words[index] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  for (let index = 16; index < 64; index++) {
    const [back15, back2] = [words[index - 15]!, words[index - 2]!];
    const small0 = turn(back15, 7) ^ turn(back15, 18) ^ (back15 >>> 3);
    const small1 = turn(back2, 17) ^ turn(back2, 19) ^ (back2 >>> 10);
    words[index] = (words[index - 16]! + small0 + words[index - 7]! + small1) | 0;
  }
  // One by one: taken apart as a list, and put together from one, it cost as much as the rounds between.
  let [a, b, c, d] = [hash[0]!, hash[1]!, hash[2]!, hash[3]!];
  let [e, f, g, h] = [hash[4]!, hash[5]!, hash[6]!, hash[7]!];
  for (let index = 0; index < 64; index++) {
    const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const first = (h + big1 + ((e & f) ^ (~e & g)) + ROUND[index]! + words[index]!) | 0;
    const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  hash[0] = (hash[0]! + a) | 0;
  hash[1] = (hash[1]! + b) | 0;
  hash[2] = (hash[2]! + c) | 0;
  hash[3] = (hash[3]! + d) | 0;
  hash[4] = (hash[4]! + e) | 0;
  hash[5] = (hash[5]! + f) | 0;
  hash[6] = (hash[6]! + g) | 0;
  hash[7] = (hash[7]! + h) | 0;
}

const encoder = new TextEncoder();
/** Ids are made of texts of a hundred characters, thirty of them a turn: fresh room for each costs more than the hash. */
const SHORT = 1024;
const short = new Uint8Array(SHORT);

/** The hash of a text's UTF-8, as eight words of 32 bits. */
export function sha256(text: string): Int32Array {
  // A character of a string is at most three bytes of UTF-8; behind it come an end mark and the length in bits.
  const bytes = 3 * text.length + 72 <= SHORT ? short : new Uint8Array(3 * text.length + 72);
  const length = encoder.encodeInto(text, bytes).written;
  const end = (((length + 8) >> 6) << 6) + 64;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  const bits = new DataView(bytes.buffer, end - 8);
  bits.setUint32(0, Math.floor(length / 2 ** 29));
  bits.setUint32(4, length << 3);
  const hash = new Int32Array(START);
  for (let at = 0; at < end; at += 64) compress(hash, bytes, at);
  return hash;
}
