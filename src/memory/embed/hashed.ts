/** The Embedder that needs nobody: hashed words and runs of letters, for near-duplicates and tests; chosen by ../embedder.ts. */

import { Effect } from "effect";
import type { Embedder } from "#actors/agent/turn/memory-ports.ts";

const DIMENSIONS = 256;
/** As much of a text as the providers' models read. */
const LONGEST = 8_000;
const SHORTEST_RUN = 3;
const LONGEST_RUN = 5;
/** A word says more than each of the runs it is made of. */
const WORD = 1;
const RUN = 0.25;

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // FNV's low bits differ little between texts that differ in their last unit only: murmur's final mix spreads them.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Signs keep what falls on the same place by accident from adding up. */
function add(vector: Float32Array, hash: number, weight: number): void {
  vector[hash % DIMENSIONS]! += hash >>> 31 === 0 ? weight : -weight;
}

/** Words and their runs of three to five letters, edges marked, as one vector of length 1; zeros where there are no words. */
export function hashedVector(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  const words =
    text
      .slice(0, LONGEST)
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  for (const word of words) {
    const edged = `<${word}>`;
    add(vector, hashOf(edged, 0, edged.length), WORD);
    for (let length = SHORTEST_RUN; length <= LONGEST_RUN; length++)
      for (let start = 0; start + length <= edged.length; start++)
        add(vector, hashOf(edged, start, start + length), RUN);
  }
  const norm = Math.hypot(...vector);
  return norm === 0 ? vector : vector.map((value) => value / norm);
}

/** The Embedder over hashed words; never fails. Measured in search: worse than plain full text, so it has no weight there. */
export const hashedEmbedder: Embedder["Service"] = {
  name: "local/hashed-words",
  dimensions: DIMENSIONS,
  semantic: false,
  embed: (texts) => Effect.sync(() => texts.map(hashedVector)),
};
