/** What a provider says it counted, as far as it can be believed; used by the readers of all wire formats. */

/**
 * Tokens of one request: no window and no price list reaches this far, and sums of such counts, at any price, stay
 * integers that can be stored.
 */
const MOST_TOKENS = 1_000_000_000;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS;
const isUsage = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/**
 * A count of tokens out of a provider's usage, with what it counts apart beside it; `before` where this usage does not
 * speak of it, and undefined where what it says is no count: half a token, less than none. A reply is as good with odd
 * usage as with none.
 */
export function counted(
  usage: unknown,
  before: number | undefined,
  name: string,
  ...beside: ReadonlyArray<string>
): number | undefined {
  if (!isUsage(usage) || usage[name] == null) return before;
  return [name, ...beside].map((each) => usage[each] ?? 0).reduce<number | undefined>(plus, 0);
}

/** A sum of which every part must be a count, or it is not known. */
export const plus = (sum: number | undefined, part: unknown): number | undefined =>
  sum !== undefined && isCount(part) ? sum + part : undefined;
