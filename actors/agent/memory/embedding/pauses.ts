/** How long the jobs of this room wait after a failure; used by reembedding.ts and remote.ts. */
import { isPassing, type MemoryReason, waitOf } from "../../turn/memory-ports.ts";

const FIRST_MS = 5_000;
const LONGEST_MS = 10 * 60_000;
/** What does not pass by itself waits for an operator, and is looked after once an hour. */
const HOURLY_MS = 60 * 60_000;

/** The pause before the next try, after so many failed ones: doubling, and never shorter than the provider asks for. */
export function pauseAfter(attempts: number, reason: MemoryReason | undefined): number {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempts - 1, 20));
  const longest = reason === undefined || isPassing(reason) ? doubled : HOURLY_MS;
  return Math.max(longest, reason === undefined ? 0 : (waitOf(reason) ?? 0));
}
