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
  const parts = [name, ...beside].map((each) => usage[each] ?? 0);
  return parts.every(isCount) ? parts.reduce((sum, part) => sum + part, 0) : undefined;
}

/**
 * What was counted, without what cannot be: no request is without a token, and no answer in which something came. Servers
 * that do not count say 0, and a budget that believed them would let everything pass.
 */
export const believed = (tokensIn: number | undefined, tokensOut: number | undefined, isSpoken: boolean) => ({
  tokensIn: tokensIn === 0 ? undefined : tokensIn,
  tokensOut: tokensOut === 0 && isSpoken ? undefined : tokensOut,
});
