/** Looking for keys and words in the raw bytes of files, with all keys that somebody may hold; used by keys.spec.ts, sealed-rows.ts and test/support/state-files.ts. */
import { createCipheriv } from "node:crypto";

const NONCE = 12;
const BLOCK = 16;
/** So many places are tried at once: what hides behind them stays near the processor. */
const AT_ONCE = 16_384;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What AES-256-GCM encrypts to hide this block of sixteen bytes behind each place in these bytes, were a nonce to stand there. */
function countersAt(bytes: Buffer, block: number): Uint8Array {
  const counters = new Uint8Array(bytes.length * BLOCK);
  const [high, low] = [(2 + block) >> 8, (2 + block) & 255]; // the first one is spent on the tag (NIST SP 800-38D, 7.1)
  for (let at = 0; at + NONCE <= bytes.length; at++) {
    for (let index = 0; index < NONCE; index++) counters[at * BLOCK + index] = bytes[at + index]!;
    counters[at * BLOCK + 14] = high;
    counters[at * BLOCK + 15] = low;
  }
  return counters;
}

const streamsOf = (counters: Uint8Array, key: Uint8Array): Buffer =>
  createCipheriv("aes-256-ecb", key, null).setAutoPadding(false).update(counters);

/** Three bytes tell nearly every place that no secret has there. */
const threeAt = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);

/** Whether some secret has these three bytes at a place in it. */
function threesOf(secrets: ReadonlyArray<Uint8Array>, at: number): Uint8Array {
  const threes = new Uint8Array(2 ** 24);
  for (const secret of secrets) threes[threeAt(secret, at)] = 1;
  return threes;
}

/**
 * Which of these secrets can be had from these bytes with these keys, wherever in them and whatever stands around it:
 * every place is tried as the beginning of something encrypted under every key. Nothing is authenticated, so that also
 * a half-overwritten row gives away what is left of it. What a secret begins with is looked for in the first block of
 * what was encrypted, unless in a later one. Answers secrets in hex.
 */
export function decipherable(
  files: ReadonlyArray<Buffer>,
  keys: ReadonlyArray<Uint8Array>,
  secrets: ReadonlyArray<Uint8Array>,
  block = 0,
): ReadonlySet<string> {
  const behind = NONCE + block * BLOCK;
  const wanted = new Map(secrets.map((secret) => [hex(secret.subarray(0, BLOCK)), hex(secret)]));
  const begins = threesOf(secrets, 0);
  // Most places are told by two bytes already, which are looked up faster than three.
  const mayBegin = new Uint8Array(65_536);
  for (const secret of secrets) mayBegin[secret[0]! | (secret[1]! << 8)] = 1;
  const plain = new Uint8Array(BLOCK);
  const found = new Set<string>();
  for (const bytes of files)
    for (let start = 0; start < bytes.length; start += AT_ONCE) {
      const part = bytes.subarray(start, start + AT_ONCE + behind + BLOCK - 1);
      const counters = countersAt(part, block);
      for (const key of keys) {
        const stream = streamsOf(counters, key);
        for (let at = 0; at + behind + BLOCK <= part.length; at++) {
          const low = part[at + behind]! ^ stream[at * BLOCK]!;
          if (mayBegin[low | ((part[at + behind + 1]! ^ stream[at * BLOCK + 1]!) << 8)] === 0) continue;
          for (let index = 0; index < BLOCK; index++)
            plain[index] = part[at + behind + index]! ^ stream[at * BLOCK + index]!;
          if (begins[threeAt(plain, 0)] === 0) continue;
          const secret = wanted.get(hex(plain));
          if (secret !== undefined) found.add(secret);
        }
      }
    }
  return found;
}

/** Files are full of zeros, and so may a secret begin: it is told by what stands further in. */
const INSIDE = 8;

/** Which of these secrets stand in these bytes as they are. Answers them in hex. */
export function inClear(files: ReadonlyArray<Buffer>, secrets: ReadonlyArray<Uint8Array>): ReadonlyArray<string> {
  const wanted = Map.groupBy(secrets, (secret) => threeAt(secret, INSIDE));
  const threes = threesOf(secrets, INSIDE);
  const found = new Set<Uint8Array>();
  for (const bytes of files)
    for (let at = INSIDE; at + 2 < bytes.length; at++) {
      if (threes[threeAt(bytes, at)] === 0) continue;
      for (const secret of wanted.get(threeAt(bytes, at)) ?? [])
        if (bytes.subarray(at - INSIDE, at - INSIDE + secret.length).equals(secret)) found.add(secret);
    }
  return secrets.filter((secret) => found.has(secret)).map(hex);
}
