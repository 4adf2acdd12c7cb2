/** Looking for keys and words in the raw bytes of files, with all keys that somebody may hold; used by keys.spec.ts. */
import { createCipheriv } from "node:crypto";

const NONCE = 12;
const BLOCK = 16;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What AES-256-GCM adds to the first sixteen bytes behind each place in these bytes, were a nonce to stand there. */
function streams(bytes: Buffer, key: Uint8Array): Buffer {
  const counters = Buffer.alloc(bytes.length * BLOCK);
  for (let at = 0; at + NONCE <= bytes.length; at++) {
    bytes.copy(counters, at * BLOCK, at, at + NONCE);
    counters[at * BLOCK + BLOCK - 1] = 2; // the first counter is spent on the tag (NIST SP 800-38D, 7.1)
  }
  const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return cipher.update(counters);
}

/**
 * Which of these secrets can be had from these bytes with these keys, wherever in them and whatever stands around it:
 * every place is tried as the beginning of something encrypted under every key. Nothing is authenticated, so that also
 * a half-overwritten row gives away what is left of it. Answers secrets in hex.
 */
export function decipherable(
  files: ReadonlyArray<Buffer>,
  keys: ReadonlyArray<Uint8Array>,
  secrets: ReadonlyArray<Uint8Array>,
): ReadonlySet<string> {
  const wanted = new Map(secrets.map((secret) => [hex(secret.subarray(0, BLOCK)), hex(secret)]));
  const beginnings = new Set(secrets.map((secret) => Buffer.from(secret).readInt32LE(0)));
  const found = new Set<string>();
  for (const bytes of files)
    for (const key of keys) {
      const stream = streams(bytes, key);
      for (let at = 0; at + NONCE + BLOCK <= bytes.length; at++) {
        const first = bytes.readInt32LE(at + NONCE) ^ stream.readInt32LE(at * BLOCK);
        if (!beginnings.has(first)) continue;
        const plain = Uint8Array.from(
          { length: BLOCK },
          (_, index) => bytes[at + NONCE + index]! ^ stream[at * BLOCK + index]!,
        );
        const secret = wanted.get(hex(plain));
        if (secret !== undefined) found.add(secret);
      }
    }
  return found;
}

/** Which of these secrets stand in these bytes as they are. Answers them in hex. */
export const inClear = (files: ReadonlyArray<Buffer>, secrets: ReadonlyArray<Uint8Array>): ReadonlyArray<string> =>
  secrets.filter((secret) => files.some((bytes) => bytes.includes(Buffer.from(secret)))).map(hex);
