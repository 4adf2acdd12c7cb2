/** Where the turns of conversations are kept to be asked: an agent's memory, and plain full text to compare with; used by parts/memory.ts. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import type { Variant } from "#actors/agent/memory/recall/memory-index.ts";
import { type Forgettable, NEVER_BEFORE, toArchive } from "#events/agent/memory.ts";
import { childId, type MemoryId, type RoomId, type UserId } from "#events/kit/ids.ts";
import { nodeSql } from "../test/support/sqlite.ts";
import type { Conversation, Question } from "./evaluation-set.ts";
import { BenchMind, type Person } from "./mind.ts";

/** What answers a question with the ids of turns, best first. A turn's id has its conversation's in front. */
export interface Store {
  ask(question: Question, limit: number): Promise<ReadonlyArray<string>>;
}

const turnIds = (conversations: ReadonlyArray<Conversation>): ReadonlyArray<string> =>
  conversations.flatMap(({ id, turns }) => turns.map((turn) => `${id} ${turn.id}`));

const roomOf = ({ id }: Conversation): RoomId => childId<RoomId>("room", "bench", id);

/** Their ids are not their names, as it is with people who sign in. */
const personOf = ({ id }: Conversation, name: string): Person => ({
  userId: `user_${childId("room", id, name).slice(3)}` as UserId,
  name,
});

const peopleOf = (conversation: Conversation): ReadonlyArray<Person> =>
  [...new Set(conversation.turns.map(({ speaker }) => speaker))].map((name) => personOf(conversation, name));

/**
 * An agent that heard all of this, each conversation in a room of its own. `together` it is asked by its owner, else in the room
 * by everybody who was there. A share of it is forgotten first, by the rule by which agents forget, when all of it is old enough.
 */
export function remembered(
  conversations: ReadonlyArray<Conversation>,
  { together = false, forgotten = 0 }: { readonly together?: boolean; readonly forgotten?: number } = {},
): (variant?: Variant) => Store {
  const mind = new BenchMind(nodeSql());
  mind.begin(new Map(conversations.map((each) => [roomOf(each), peopleOf(each)])));
  const turnOf = new Map<MemoryId, string>();
  for (const each of conversations)
    for (const { id, speaker, saidAt, text } of each.turns) {
      const kept = mind.hear({ by: personOf(each, speaker), room: roomOf(each), saidAt, text });
      // What may name somebody, in a way that leaves doubt whom, is not kept: if it was wanted, it counts as not found.
      if (kept !== undefined) turnOf.set(kept, `${each.id} ${id}`);
    }
  const room = together ? undefined : roomOf(conversations[0]!);
  if (forgotten > 0) forgetLightest(mind, forgotten);
  return (variant) => ({
    async ask({ text, askedAt }, limit) {
      const asked = { text, limit, now: askedAt };
      const found = await mind.search({
        ...{ ...asked, ...(room === undefined ? {} : { room }), ...(variant === undefined ? {} : { variant }) },
      });
      return found.map(({ row }) => turnOf.get(row.memoryId)!);
    },
  });
}

interface Weighed extends Forgettable {
  readonly memoryId: MemoryId;
}

/** Those that weigh least leave the agent's mind, as its sweep would have them leave. */
function forgetLightest(mind: BenchMind, share: number): void {
  const memories = mind.episodes().map(
    ({ memoryId, importance, recordedAt, accessCount, pinned }): Weighed => ({
      ...{ memoryId, importance, formedAt: recordedAt, accessCount, pinned, inForce: false, consolidated: true },
    }),
  );
  const now = Math.max(...memories.map(({ formedAt }) => formedAt)) + 2 * NEVER_BEFORE;
  const gone = toArchive(memories, Math.round(memories.length * (1 - share)), now);
  mind.take({ type: "ArchiveMemories", memoryIds: gone.map(({ memoryId }) => memoryId) });
}

/** What SQLite offers by itself: FTS5 with Porter's stems over the words in clear, its own ranking, any word of the question. */
export function fullText(conversations: ReadonlyArray<Conversation>): Store {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE VIRTUAL TABLE turns USING fts5(text, tokenize = 'porter unicode61')");
  const insert = database.prepare("INSERT INTO turns (text) VALUES (?)");
  for (const { text } of conversations.flatMap(({ turns }) => turns)) insert.run(text);
  const ids = turnIds(conversations);
  const select = database.prepare("SELECT rowid FROM turns WHERE turns MATCH ? ORDER BY rank LIMIT ?");
  return {
    async ask({ text }, limit) {
      const words = (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"`).join(" OR ");
      const rows = select.all(...([words, limit] satisfies SQLInputValue[]));
      return rows.map(({ rowid }) => ids[Number(rowid) - 1]!);
    },
  };
}
