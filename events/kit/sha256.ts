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

/** The message with its end mark and its length in bits, in whole blocks of 64 bytes. */
function padded(message: Uint8Array): DataView {
  const bytes = new Uint8Array((((message.length + 8) >> 6) << 6) + 64);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(bytes.length - 4, message.length << 3);
  return view;
}

/** Takes one block of 64 bytes into the eight words of the hash. */
function compress(hash: Int32Array, words: Int32Array, block: DataView, at: number): void {
  for (let index = 0; index < 16; index++) words[index] = block.getInt32(at + 4 * index);
  for (let index = 16; index < 64; index++) {
    const [back15, back2] = [words[index - 15]!, words[index - 2]!];
    const small0 = turn(back15, 7) ^ turn(back15, 18) ^ (back15 >>> 3);
    const small1 = turn(back2, 17) ^ turn(back2, 19) ^ (back2 >>> 10);
    words[index] = (words[index - 16]! + small0 + words[index - 7]! + small1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [number, number, number, number, number, number, number, number];
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
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    hash[index] = (hash[index]! + word) | 0;
  });
}

const encoder = new TextEncoder();

/** The hash of a text's UTF-8, as eight words of 32 bits. */
export function sha256(text: string): Int32Array {
  const message = padded(encoder.encode(text));
  const hash = Int32Array.from(START);
  const words = new Int32Array(64);
  for (let at = 0; at < message.byteLength; at += 64) compress(hash, words, message, at);
  return hash;
}
