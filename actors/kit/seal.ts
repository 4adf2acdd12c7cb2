/** Sealing of words and chaining of events, synchronous so that a commit stays one breath; used by the ledger and the Vault. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

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

/** Each part behind its length, so that no two lists of parts read the same. */
function lengthPrefixed(parts: ReadonlyArray<string | Uint8Array>): Buffer {
  const pieces = parts.flatMap((part) => {
    const bytes = typeof part === "string" ? Buffer.from(part) : Buffer.from(part);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(pieces);
}

const associated = ({ stream, seq, type, v, subject }: Place, number: number): Buffer =>
  lengthPrefixed([stream, String(seq), type, String(v), subject, String(number)]);

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag. The nonce is fresh each time: a restored database would repeat a counter. */
export function encrypt(key: Uint8Array, plain: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(associatedData);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of `encrypt`. @throws when key, bytes or associated data do not belong together. */
export function decrypt(key: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE));
  decipher.setAAD(associatedData);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE, sealed.length - TAG)), decipher.final()]);
}

/**
 * Seals words (JSON text) under a fresh key of their own (CEK), and that key under the subject's: deleting `wrapped` forgets one
 * event, destroying the subject's key forgets a person. `wrapped` starts with the generation of the subject's key.
 */
export function sealWords(
  words: string,
  place: Place,
  { number, key }: SubjectKey,
): { readonly sealed: Uint8Array; readonly wrapped: Uint8Array } {
  const eventKey = randomBytes(32);
  const data = associated(place, number);
  const generation = Buffer.alloc(4);
  generation.writeUInt32BE(number);
  return {
    sealed: encrypt(eventKey, Buffer.from(words), data),
    wrapped: Buffer.concat([generation, encrypt(key, eventKey, data)]),
  };
}

/** The generation of the subject's key that `wrapped` needs. */
export const generationOf = (wrapped: Uint8Array): number =>
  new DataView(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength).getUint32(0);

/** The words as JSON text. @throws when anything was swapped, moved or changed. */
export function openWords(sealed: Uint8Array, wrapped: Uint8Array, place: Place, { key }: SubjectKey): string {
  const data = associated(place, generationOf(wrapped));
  return Buffer.from(decrypt(decrypt(key, wrapped.subarray(4), data), sealed, data)).toString();
}

const ownedBy = (subject: string, number: number): Buffer => lengthPrefixed([subject, String(number)]);

/** A subject's key under a key-encryption key, bound to its subject and generation. */
export const wrapKey = (kek: Uint8Array, key: Uint8Array, subject: string, number: number): Uint8Array =>
  encrypt(kek, key, ownedBy(subject, number));

/** The reverse of `wrapKey`. @throws when the key-encryption key or the row is not the one it was wrapped with. */
export const unwrapKey = (kek: Uint8Array, wrapped: Uint8Array, subject: string, number: number): Uint8Array =>
  decrypt(kek, wrapped, ownedBy(subject, number));

/** A fresh key of 256 bits. */
export const freshKey = (): Uint8Array => randomBytes(32);

/** What the first event is chained to. */
export const chainStart = (stream: string): Uint8Array => createHash("sha256").update(stream).digest();

/** sha256(previous ‖ header ‖ open ‖ sealed), each behind its length, over the bytes as they are stored. */
export const chainLink = (previous: Uint8Array, header: string, open: string, sealed: Uint8Array | null): Uint8Array =>
  createHash("sha256")
    .update(lengthPrefixed([previous, header, open, sealed ?? new Uint8Array()]))
    .digest();

/** SHA-256 in hex, for what needs no key. */
export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** SHA-256 in bytes. */
export const fingerprint = (text: string): Uint8Array => createHash("sha256").update(text).digest();
