/** Sealing of words and chaining of events, synchronous so that a commit stays one breath; used by the ledger and the Vault. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
} from "node:crypto";

/** Where a sealed payload stands. Bound into the ciphertext, so that none can be moved or renamed. */
export interface Place {
  readonly stream: string;
  readonly seq: number;
  readonly type: string;
  readonly v: number;
  readonly subject: string;
}

/** A person's or agent's own key (DEK), with its generation. */
export interface SubjectKey {
  readonly number: number;
  readonly key: Uint8Array;
}

const NONCE = 12;
const TAG = 16;
const KEY = 32;

/** Each part behind its length, so that no two lists of parts read the same. One buffer, for it is made twice an event. */
function lengthPrefixed(parts: ReadonlyArray<string | Uint8Array>): Buffer {
  const lengths = parts.map((part) => (typeof part === "string" ? Buffer.byteLength(part) : part.length));
  const whole = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + length, 0));
  let at = 0;
  parts.forEach((part, index) => {
    at = whole.writeUInt32BE(lengths[index]!, at);
    if (typeof part === "string") at += whole.write(part, at);
    else {
      whole.set(part, at);
      at += part.length;
    }
  });
  return whole;
}

let pool = new Uint8Array();
let taken = 0;

/** Fresh random bytes, drawn from the system 4 KiB at a time: a draw costs as much as the bytes of twenty events. */
function random(length: number): Uint8Array {
  if (taken + length > pool.length) {
    pool = crypto.getRandomValues(new Uint8Array(4096));
    taken = 0;
  }
  taken += length;
  return pool.slice(taken - length, taken);
}

const associated = ({ stream, seq, type, v, subject }: Place, number: number): Buffer =>
  lengthPrefixed([stream, String(seq), type, String(v), subject, String(number)]);

/** Keys that seal more than once, as the platform wants them: made of bytes each time, one costs as much as the sealing. */
const secrets = new WeakMap<Uint8Array, KeyObject>();

function secretOf(key: Uint8Array): KeyObject {
  const known = secrets.get(key);
  if (known !== undefined) return known;
  const made = createSecretKey(key);
  secrets.set(key, made);
  return made;
}

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag. The nonce is fresh each time: a restored database would repeat a counter. */
export function encrypt(key: Uint8Array | KeyObject, plain: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const nonce = random(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(associatedData);
  const sealed = new Uint8Array(NONCE + plain.length + TAG);
  sealed.set(nonce);
  sealed.set(cipher.update(plain), NONCE);
  cipher.final(); // a stream cipher has nothing left to say, but its tag is not there before
  sealed.set(cipher.getAuthTag(), NONCE + plain.length);
  return sealed;
}

/** The reverse of `encrypt`. @throws when key, bytes or associated data do not belong together. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE));
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()]);
}

/** The number of a generation as it stands in front of a wrapped key: four bytes that sort as the number does. */
export function generationBytes(number: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** The generation of the subject's key that `wrapped` needs. */
export const generationOf = (wrapped: Uint8Array): number =>
  new DataView(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength).getUint32(0);

/**
 * Seals words (JSON text) under a fresh key of their own (CEK), and that key under the subject's: deleting `wrapped` forgets one
 * event, destroying the subject's key forgets a person. `wrapped` starts with the generation of the subject's key.
 */
export function sealWords(
  words: string,
  place: Place,
  { number, key }: SubjectKey,
): { readonly sealed: Uint8Array; readonly wrapped: Uint8Array } {
  const eventKey = random(KEY);
  const data = associated(place, number);
  return {
    sealed: encrypt(eventKey, Buffer.from(words), data),
    wrapped: Buffer.concat([generationBytes(number), encrypt(secretOf(key), eventKey, data)]),
  };
}

/**
 * An event's own key, and the generation that its words were sealed under: it is bound into them for ever, so a key
 * that was wrapped anew carries it along behind itself. @throws as `openWords`.
 */
export function unwrapEventKey(wrapped: Uint8Array, place: Place, { key }: SubjectKey) {
  const number = generationOf(wrapped);
  const opened = decrypt(key, wrapped.subarray(4), associated(place, number));
  const sealedUnder = opened.length > KEY ? generationOf(opened.subarray(KEY)) : number;
  return { eventKey: opened.subarray(0, KEY), sealedUnder };
}

/** The same event key under another generation of the subject's key; the sealed words stay as they are. @throws as `openWords`. */
export function rewrapKey(wrapped: Uint8Array, place: Place, from: SubjectKey, to: SubjectKey): Uint8Array {
  const { eventKey, sealedUnder } = unwrapEventKey(wrapped, place, from);
  const carried = Buffer.concat([eventKey, generationBytes(sealedUnder)]);
  return Buffer.concat([generationBytes(to.number), encrypt(to.key, carried, associated(place, to.number))]);
}

/** The words as JSON text. @throws when anything was swapped, moved or changed. */
export function openWords(sealed: Uint8Array, wrapped: Uint8Array, place: Place, key: SubjectKey): string {
  const { eventKey, sealedUnder } = unwrapEventKey(wrapped, place, key);
  return Buffer.from(decrypt(eventKey, sealed, associated(place, sealedUnder))).toString();
}

const ownedBy = (subject: string, number: number): Buffer => lengthPrefixed([subject, String(number)]);

/** A subject's key under a key-encryption key, bound to its subject and generation. */
export const wrapKey = (kek: Uint8Array, key: Uint8Array, subject: string, number: number): Uint8Array =>
  encrypt(kek, key, ownedBy(subject, number));

/** The reverse of `wrapKey`. @throws when the key-encryption key or the row is not the one it was wrapped with. */
export const unwrapKey = (kek: Uint8Array, wrapped: Uint8Array, subject: string, number: number): Uint8Array =>
  decrypt(kek, wrapped, ownedBy(subject, number));

/** A fresh key of 256 bits. */
export const freshKey = (): Uint8Array => random(KEY);

/**
 * A key for one purpose, made of a subject's key: HKDF-SHA-256 (RFC 5869) without salt, for the key is random already.
 * Who knows it knows nothing of the subject's key, and whoever has that one no longer cannot make it again.
 */
export const deriveKey = (key: Uint8Array, info: ReadonlyArray<string>): Uint8Array =>
  new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), lengthPrefixed(info), KEY));

/** SHA-256 in one call: half the price of a hash object. */
const sha256 = (data: string | Uint8Array): Uint8Array => hash("sha256", data, "buffer");

/** What the first event is chained to. */
export const chainStart = (stream: string): Uint8Array => sha256(stream);

/** sha256(previous ‖ header ‖ open [‖ sealed]), each behind its length, over the bytes as they are stored: no words are not empty words. */
export const chainLink = (previous: Uint8Array, header: string, open: string, sealed: Uint8Array | null): Uint8Array =>
  sha256(lengthPrefixed(sealed === null ? [previous, header, open] : [previous, header, open, sealed]));

/** A fresh key of its own for a place that holds no words, wrapped as an event's is. */
export const wrapFreshKey = (place: Place, key: SubjectKey): Uint8Array => sealWords("", place, key).wrapped;

/** SHA-256 in hex, for what needs no key. */
export const digest = (text: string): string => hash("sha256", text, "hex");

/** SHA-256 of bytes in hex: what a destroyed key is known by. */
export const fingerprintOf = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** SHA-256 in bytes. */
export const fingerprint = (text: string): Uint8Array => sha256(text);

/** HMAC-SHA-256 under one key: the same for the same text, and without the key nothing that could be compared. */
export function keyedDigest(key: Uint8Array): (text: string) => Uint8Array {
  const secret = secretOf(key);
  return (text) => createHmac("sha256", secret).update(text).digest();
}

const LONG_HASH = /^hmac:[0-9a-f]{64}$/;

/**
 * A keyed digest, marked as such: whoever has not got the key cannot try guesses on it. Half of its bytes, which RFC 2104
 * § 5 finds enough, because it stands in events; all of them where `like` has them, as older programs wrote it.
 */
export function keyedHash(key: Uint8Array, text: string, like = ""): string {
  const bytes = Buffer.from(keyedDigest(key)(text));
  return `hmac:${LONG_HASH.test(like) ? bytes.toString("hex") : bytes.subarray(0, 16).toString("base64url")}`;
}
