/** What the models of a turn used, as people are told; used by step 7 and by whoever tells how a turn ended. */

/** The tokens of a reply, as far as its provider said. */
interface Counted {
  readonly tokensIn?: number | null;
  readonly tokensOut?: number | null;
}

/**
 * The sum over a turn's replies. Null where one of them does not say, and where the last request was left without a
 * reply: it has used something, and nobody knows how much. A request that failed before another was answered counts for
 * nothing, for a failure does not say what it used.
 */
export function usageOf(
  replies: ReadonlyArray<Counted>,
  isLeftOpen: boolean,
): { readonly tokensIn: number; readonly tokensOut: number } | null {
  if (isLeftOpen) return null;
  let usage = { tokensIn: 0, tokensOut: 0 };
  for (const { tokensIn, tokensOut } of replies) {
    if (tokensIn == null || tokensOut == null) return null;
    usage = { tokensIn: usage.tokensIn + tokensIn, tokensOut: usage.tokensOut + tokensOut };
  }
  return usage;
}
