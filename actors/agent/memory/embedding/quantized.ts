/** Vectors as bytes: a scale and eight bits a number, own text and window one behind the other; used by vectors.ts. */
import { WrongDimension } from "../../turn/memory-ports.ts";

/** The two vectors of a memory: of its own text, and of it together with what was said before. */
export interface VectorPair {
  readonly own: Float32Array;
  readonly window: Float32Array;
}

/** Both vectors in the form they are held in: `numbers` has the own text's first. A length is 0 where there is no direction. */
export interface Quantized {
  readonly numbers: Int8Array;
  readonly ownLength: number;
  readonly windowLength: number;
  readonly ownScale: number;
  readonly windowScale: number;
}

const GREATEST = 127;
const SCALES = 8;

/** @throws WrongDimension when a vector has another length. */
export function checkDimensions(vector: Float32Array, dimensions: number): void {
  if (vector.length !== dimensions) throw new WrongDimension({ expected: dimensions, got: vector.length });
}

/** Writes a vector into eight bits a number; the error is at most half a 127th of its greatest number. */
function quantize(vector: Float32Array, into: Int8Array): number {
  let greatest = 0;
  for (const value of vector) greatest = Math.max(greatest, Math.abs(value));
  if (greatest === 0 || !Number.isFinite(greatest)) return 0;
  const scale = greatest / GREATEST;
  for (let index = 0; index < vector.length; index++) into[index] = Math.round(vector[index]! / scale);
  return scale;
}

function lengthOf(numbers: Int8Array): number {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) sum += numbers[index]! * numbers[index]!;
  return Math.sqrt(sum);
}

/** The bytes of both vectors: two scales of 32 bits, then the numbers. */
export function bytesOf({ own, window }: VectorPair, dimensions: number): Uint8Array {
  checkDimensions(own, dimensions);
  checkDimensions(window, dimensions);
  const bytes = new Uint8Array(SCALES + 2 * dimensions);
  const numbers = new Int8Array(bytes.buffer, SCALES);
  const scales = new DataView(bytes.buffer);
  scales.setFloat32(0, quantize(own, numbers.subarray(0, dimensions)));
  scales.setFloat32(4, quantize(window, numbers.subarray(dimensions)));
  return bytes;
}

/** The reverse of `bytesOf`. @throws WrongDimension when there are more or fewer numbers. */
export function quantizedIn(bytes: Uint8Array, dimensions: number): Quantized {
  if (bytes.length !== SCALES + 2 * dimensions)
    throw new WrongDimension({ expected: dimensions, got: (bytes.length - SCALES) / 2 });
  const scales = new DataView(bytes.buffer, bytes.byteOffset);
  // A copy: the bytes may be a part of a larger buffer, which would be held as long as this.
  const numbers = new Int8Array(bytes.buffer, bytes.byteOffset + SCALES, 2 * dimensions).slice();
  return {
    numbers,
    ownLength: lengthOf(numbers.subarray(0, dimensions)),
    windowLength: lengthOf(numbers.subarray(dimensions)),
    ownScale: scales.getFloat32(0),
    windowScale: scales.getFloat32(4),
  };
}

/** A vector as numbers again. */
export const restored = (numbers: Int8Array, scale: number): Float32Array =>
  Float32Array.from(numbers, (value) => value * scale);

/** Cosine of a question against own text and window; 0 where one of them has no direction. */
export function cosinesOf(
  { numbers, ownLength, windowLength }: Quantized,
  query: Float32Array,
  queryLength: number,
): readonly [own: number, window: number] {
  const dimensions = query.length;
  let own = 0;
  let window = 0;
  for (let index = 0; index < dimensions; index++) {
    const value = query[index]!;
    own += numbers[index]! * value;
    window += numbers[dimensions + index]! * value;
  }
  return [
    ownLength === 0 || queryLength === 0 ? 0 : own / (ownLength * queryLength),
    windowLength === 0 || queryLength === 0 ? 0 : window / (windowLength * queryLength),
  ];
}
