/** Finds the half-typed `@name` before the caret and completes it; pure, used by the composer. */
import type { Participant } from "#actors/room/frames.ts";

export interface Mention {
  /** Where the `@` stands. */
  readonly start: number;
  readonly query: string;
}

/** The mention being typed at the caret: an `@` at the beginning of a word, and no more than a name's length behind it. */
export function mentionAt(text: string, caret: number): Mention | undefined {
  const found = /(?:^|[\s(])@([^\s@]{0,40})$/u.exec(text.slice(0, caret));
  return found ? { start: caret - (found[1]?.length ?? 0) - 1, query: found[1] ?? "" } : undefined;
}

/** The agents a query may mean: names that begin so first, then names that contain it. */
export function candidates(agents: ReadonlyArray<Participant>, query: string): ReadonlyArray<Participant> {
  const wanted = query.toLowerCase();
  const rank = (agent: Participant) => {
    const at = agent.name.toLowerCase().indexOf(wanted);
    return at < 0 ? 2 : Math.min(at, 1);
  };
  return agents
    .filter((agent) => rank(agent) < 2)
    .toSorted((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name))
    .slice(0, 8);
}

/** The text with the mention completed, and where the caret then stands. */
export function completed(
  text: string,
  mention: Mention,
  name: string,
): { readonly text: string; readonly caret: number } {
  const end = mention.start + 1 + mention.query.length;
  const after = text.slice(end);
  const before = `${text.slice(0, mention.start)}@${name}${/^\s/.test(after) ? "" : " "}`;
  return { text: before + after, caret: before.length + (/^\s/.test(after) ? 1 : 0) };
}
