/** What an agent knows of the people of a room: how close they are, what they speak of and whom they name, and the notes of the room; opened for its owner by door.ts. */

import { faded, trust, WEIGHTS } from "#events/agent/memory.ts";
import type { AgentState } from "#events/agent/state.ts";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { type RoomId, userName } from "#events/kit/ids.ts";
import type { ConversationDescription, PersonInRoom } from "../../kit/memory-doors.ts";
import { countsOf, isThanks, kinOf, topicsOf } from "./forming/social.ts";
import type { AgentMemory } from "./memory.ts";
import { both } from "./recall/audience.ts";
import type { MemoryRow } from "./recall/memory-row.ts";
import { contentOf } from "./recall/mind.ts";
import type { Relation } from "./recall/ties.ts";

/** So many people of a room are described, and by so many of the newest messages of each. */
const PEOPLE = 20;
const MESSAGES = 100;

/** What a description is made from. */
export interface RelationsHost {
  readonly state: AgentState;
  readonly memory: AgentMemory;
  readonly now: number;
  readonly revealed: (seqs: ReadonlyArray<number>) => Promise<ReadonlyArray<Unsealed>>;
}

/** A message of somebody, as it was said. */
interface Spoken {
  readonly text: string;
  readonly at: number;
}

/**
 * The conversation in a room. No word of it is kept for this: topics, names and thanks are read out of the messages that the agent
 * still remembers, so that whatever is forgotten is missing here from that moment on.
 */
export async function conversationIn(roomId: RoomId, host: RelationsHost): Promise<ConversationDescription> {
  const { state, memory, now } = host;
  const on = state.memoryEnabled;
  const known = on ? memory.ties.in(roomId, now, PEOPLE) : [];
  const allowed = known.filter(({ userId }) => state.consents[userId] === "granted");
  const spoken = await Promise.all(allowed.map(async (relation) => spokenBy(relation, roomId, host)));
  const memories = new Map<string, number>();
  const counts = spoken.map((texts) => {
    const all = new Map<string, number>();
    for (const { text } of texts)
      for (const [stem, count] of countsOf(text)) {
        all.set(stem, (all.get(stem) ?? 0) + count);
        memories.set(stem, (memories.get(stem) ?? 0) + 1);
      }
    return all;
  });
  const total = spoken.reduce((sum, { length }) => sum + length, 0);
  const people = allowed.flatMap((relation, index) => {
    // Counts made anew from the log know nothing of a key's end.
    if (memory.isErased(relation.userId)) return [];
    const stems = [...counts[index]!].map(([stem, count]) => ({ stem, count, memories: memories.get(stem)! }));
    return [described(relation, spoken[index]!, topicsOf(stems, total), now)];
  });
  const summary = on ? await notesOf(roomId, host) : null;
  return { roomId, summary, people };
}

async function spokenBy({ userId }: Relation, roomId: RoomId, host: RelationsHost): Promise<ReadonlyArray<Spoken>> {
  const { memory, revealed } = host;
  const own = { where: "m.basis = 'said' AND m.room_id = ? AND m.speaker = ?", parameters: [roomId, userName(userId)] };
  const { where, parameters } = both(own, memory.inForce());
  const rows: ReadonlyArray<MemoryRow> = memory.register.where(where, parameters, MESSAGES);
  const found = await revealed(rows.map(({ seq }) => seq));
  return found.flatMap((each) => {
    const text = contentOf(each);
    return text === null ? [] : [{ text, at: each.event.at }];
  });
}

function described(
  { userId, tie, reciprocity, received, sent }: Relation,
  spoken: ReadonlyArray<Spoken>,
  topics: ReadonlyArray<string>,
  now: number,
): PersonInRoom {
  const thanks = spoken.filter(({ text }) => isThanks(text));
  const kin = spoken.flatMap(({ text }) => kinOf(text));
  const names = [...new Map(kin.map((one) => [`${one.relation} ${one.name}`, one])).values()];
  return {
    ...{ userId, reciprocity, received, sent, topics },
    tie: thanks.reduce((sum, { at }) => sum + WEIGHTS.thanks * faded(now - at), tie),
    trust: trust(thanks.length, 0),
    names: names.map(({ relation, name }) => ({ relation, name })),
  };
}

async function notesOf(roomId: RoomId, { memory, revealed }: RelationsHost): Promise<string | null> {
  const summary = memory.notes(roomId);
  const [found] = summary === null ? [] : await revealed([summary.seq]);
  return found === undefined || found.words === Erased || found.words.text === "" ? null : String(found.words.text);
}
