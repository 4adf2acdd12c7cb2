/** What one might say first in a young room, addressed to the agents that are there; shown above the composer. */
import type { Participant } from "#actors/room/frames.ts";

const openings = ["what is 12.5% of 640?", "help me plan a picnic for six", "remember that I prefer metric units"];

export function startersFor(agents: ReadonlyArray<Participant>): ReadonlyArray<string> {
  const names = agents.map((agent) => agent.name).toSorted((one, other) => one.localeCompare(other));
  if (names.length === 0) return [];
  return openings.map((opening, index) => `@${names[index % Math.min(2, names.length)]} ${opening}`);
}
