/** Which values may enter the house at all; asked at every door, before anything is decided. */

/** JSON nested deeper than this is refused: SQLite's JSON functions and other readers of a log give up sooner than we do. */
const MAX_DEPTH = 64;

/** Why a text may not be stored as it is; undefined when it may. SQLite changes lone surrogates and cuts at NUL. */
export function textFault(text: string): string | undefined {
  if (!text.isWellFormed()) return "contains half of a surrogate pair";
  if (text.includes("\0")) return "contains a NUL character";
  return undefined;
}

/** The first value in a JSON document that may not be stored, with its path; undefined when all may. */
export function valueFault(
  value: unknown,
  path: ReadonlyArray<string | number> = [],
): { readonly path: ReadonlyArray<string | number>; readonly message: string } | undefined {
  if (path.length > MAX_DEPTH) return { path: path.slice(0, 3), message: `is nested deeper than ${MAX_DEPTH}` };
  if (typeof value === "string") return fault(path, textFault(value));
  if (typeof value === "number") return fault(path, numberFault(value));
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(key) : key;
    const found = fault([...path, "(key)"], textFault(key)) ?? valueFault(item, [...path, step]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `1e999` is JSON, but reads as infinity, which JSON cannot say. */
function numberFault(value: number): string | undefined {
  if (!Number.isFinite(value)) return "is larger than a number can be";
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? "is an integer beyond 2^53" : undefined;
}

const fault = (path: ReadonlyArray<string | number>, message: string | undefined) =>
  message === undefined ? undefined : { path, message };

/** The length of a text in bytes of UTF-8. */
export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;
