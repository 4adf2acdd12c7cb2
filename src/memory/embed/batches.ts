/** Texts cut into requests that a provider takes, and its answers put together and checked; used by the embedders beside it. */

import { Effect } from "effect";
import { Garbled } from "#actors/agent/turn/failures.ts";
import { EmbedFailure, type MemoryReason, WrongDimension } from "#actors/agent/turn/memory-ports.ts";
import { patiently } from "../requests.ts";

/** What one request takes. Bytes are of UTF-8: a token is never less than one. */
export interface Limits {
  readonly texts: number;
  readonly bytesOfText: number;
  readonly bytesInAll: number;
}

/** As a provider wrote it: numbers, or the bytes of 32-bit floats, least significant first, in base64. */
export type WrittenVector = string | ReadonlyArray<unknown>;

const encoder = new TextEncoder();

/** The beginning of a text that has at most so many bytes, no character cut. */
function cut(text: string, bytes: number): { readonly text: string; readonly bytes: number } {
  const { read, written } = encoder.encodeInto(text, new Uint8Array(Math.min(bytes, text.length * 3)));
  return { text: text.slice(0, read), bytes: written };
}

/** Places of texts, in requests; blank texts are in none. */
function inRequests(texts: ReadonlyArray<string>, limits: Limits): ReadonlyArray<ReadonlyArray<[number, string]>> {
  const requests: Array<Array<[number, string]>> = [];
  let bytesInAll = limits.bytesInAll;
  texts.forEach((whole, place) => {
    const { text, bytes } = cut(whole.toWellFormed(), limits.bytesOfText);
    if (text.trim() === "") return;
    const last = requests.at(-1);
    if (last === undefined || last.length >= limits.texts || bytesInAll + bytes > limits.bytesInAll) {
      requests.push([[place, text]]);
      bytesInAll = bytes;
      return;
    }
    last.push([place, text]);
    bytesInAll += bytes;
  });
  return requests;
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function floatsOf(base64: string): Float32Array {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (bytes.length % 4 !== 0) throw new Error("a part of a number");
  if (littleEndian) return new Float32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
}

function vectorOf(written: WrittenVector, dimensions: number): Float32Array {
  let vector: Float32Array;
  try {
    vector = typeof written === "string" ? floatsOf(written) : Float32Array.from(written as ReadonlyArray<number>);
  } catch {
    throw new Garbled({ detail: "a vector is no list of numbers" });
  }
  if (vector.length !== dimensions) throw new WrongDimension({ expected: dimensions, got: vector.length });
  if (!vector.every(Number.isFinite)) throw new Garbled({ detail: "a vector has what is no number" });
  return vector;
}

/** As many vectors as texts, each of the right length, or the reason why not. */
const checked = (written: ReadonlyArray<WrittenVector>, count: number, dimensions: number) =>
  Effect.try({
    try: () => {
      if (written.length !== count) throw new Garbled({ detail: `${written.length} vectors for ${count} texts` });
      return written.map((one) => vectorOf(one, dimensions));
    },
    catch: (error) => error as MemoryReason,
  });

/** The vectors of all texts, by as many requests as it takes, one after the other. */
export const embedInBatches = (
  texts: ReadonlyArray<string>,
  model: { readonly name: string; readonly dimensions: number; readonly limits: Limits },
  ask: (texts: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<WrittenVector>, MemoryReason>,
): Effect.Effect<ReadonlyArray<Float32Array>, EmbedFailure> =>
  Effect.gen(function* () {
    const vectors: Float32Array[] = texts.map(() => new Float32Array(model.dimensions));
    for (const request of inRequests(texts, model.limits)) {
      const written = yield* patiently(ask(request.map(([, text]) => text)));
      const made = yield* checked(written, request.length, model.dimensions);
      request.forEach(([place], index) => {
        vectors[place] = made[index]!;
      });
    }
    return vectors;
  }).pipe(Effect.mapError((reason) => new EmbedFailure({ provider: model.name, reason })));
