/** A memory as it is shown to people, with what is known of it by now; used by door.ts. */
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import type { AgentId, MemoryId } from "#events/kit/ids.ts";
import type { MemoryDescription } from "../../kit/memory-doors.ts";
import { both, type Scope } from "./recall/audience.ts";
import type { FactStore } from "./recall/facts.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { contentOf } from "./recall/mind.ts";
import type { MemoryRegister } from "./recall/register.ts";

/** Since when a memory holds no longer, and what took its place. */
type Ending = Pick<MemoryRow, "supersededAt" | "supersededBy">;

/**
 * What of these memories is over by what was said since, by seq, before a sweep has written it down. Whoever may see only some
 * memories, those of `among`, is told of an end only by one of them.
 */
export function endedAmong(
  { facts, register }: { readonly facts: FactStore; readonly register: MemoryRegister },
  rows: ReadonlyArray<MemoryRow>,
  among?: Scope,
): ReadonlyMap<number, Ending> {
  const open = rows.filter(({ supersededAt }) => supersededAt === null).map(({ seq }) => seq);
  const over = [...facts.superseded(open).values()];
  const by = over.flatMap(({ supersededBy }) => supersededBy ?? []);
  const successors = { where: "m.seq IN (SELECT value FROM json_each(?))", parameters: [JSON.stringify(by)] };
  const { where, parameters } = among === undefined ? successors : both(successors, among);
  const known = new Map(register.where(where, parameters, by.length).map(({ seq, memoryId }) => [seq, memoryId]));
  return new Map(
    over
      .filter(({ supersededBy }) => among === undefined || supersededBy === null || known.has(supersededBy))
      .map(({ seq, supersededAt, supersededBy }) => {
        const successor = supersededBy === null ? undefined : known.get(supersededBy);
        return [seq, { supersededAt, supersededBy: successor ?? null }];
      }),
  );
}

const contextOf = (unsealed: Unsealed | undefined): unknown =>
  unsealed === undefined || unsealed.words === Erased ? undefined : unsealed.words.context;

/** `joined` are the memories that live on in it. */
export const described = (
  row: MemoryRow,
  agentId: AgentId,
  { unsealed, joined }: { readonly unsealed: Unsealed | undefined; readonly joined: ReadonlyArray<MemoryId> },
): MemoryDescription => ({
  ...{ memoryId: row.memoryId, agentId, kind: row.kind, content: unsealed === undefined ? null : contentOf(unsealed) },
  ...{ importance: row.importance, context: contextOf(unsealed) ?? null, about: row.about, sensitive: row.sensitive },
  // Nobody is shown one that was withdrawn: it is not among what is kept.
  ...{ pinned: row.pinned, state: row.state as MemoryDescription["state"], mergedInto: row.mergedInto },
  ...{ validFrom: row.validFrom ?? row.saidAt, validTo: row.supersededAt, supersededBy: row.supersededBy },
  source: {
    ...{ turnId: row.turnId, roomId: row.roomId, eventSeqs: row.sourceSeqs, memoryIds: [...row.sources, ...joined] },
    ...{ basis: row.basis, origin: row.origin, rewordedAt: rewordedAt(row, unsealed) },
  },
  ...{ createdAt: row.recordedAt, saidAt: row.saidAt, accessedAt: row.accessedAt, accessCount: row.accessCount },
  ...{ version: row.version, seq: row.formedSeq },
});

/** What was added or taught was the owner's from the beginning; of all else, their words are in an event of their own. */
const rewordedAt = ({ origin, basis, seq, formedSeq }: MemoryRow, unsealed: Unsealed | undefined): number | null =>
  origin === "owner" && basis !== "added" && basis !== "trained" && seq !== formedSeq && unsealed !== undefined
    ? unsealed.event.at
    : null;
