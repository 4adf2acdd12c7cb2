/** Where the turns of conversations are kept to be asked: the index of memories, and plain full text to compare with; used by parts/memory.ts. */
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { glean } from "#actors/agent/memory/forming/message.ts";
import { FactStore } from "#actors/agent/memory/recall/facts.ts";
import { MemoryIndex, type Variant } from "#actors/agent/memory/recall/memory-index.ts";
import { NEVER_BEFORE, toArchive } from "#events/agent/memory.ts";
import type { ActorName } from "#events/kit/ids.ts";
import { nodeSql } from "../test/support/sqlite.ts";
import type { Conversation, Question } from "./evaluation-set.ts";
import { everything, keys, makeRegister } from "./memory-keys.ts";

/** What answers a question with the ids of turns, best first. A turn's id has its conversation's in front. */
export interface Store {
  ask(question: Question, limit: number): ReadonlyArray<string>;
}

const turnIds = (conversations: ReadonlyArray<Conversation>): ReadonlyArray<string> =>
  conversations.flatMap(({ id, turns }) => turns.map((turn) => `${id} ${turn.id}`));

/** Every turn a memory under the key of who said it, in a room of its conversation; then those of these ids are forgotten. */
export function indexed(
  conversations: ReadonlyArray<Conversation>,
  forgotten: ReadonlySet<string> = new Set(),
): (variant: Variant) => Store {
  const sql = nodeSql();
  makeRegister(sql);
  const index = new MemoryIndex(sql, keys);
  const facts = new FactStore(sql, keys);
  const ids = turnIds(conversations);
  const subjects = new Set<ActorName>();
  let seq = 0;
  for (const { id: place, turns } of conversations)
    for (const { speaker, saidAt, text } of turns) {
      seq += 1;
      const subject: ActorName = `user:${place} ${speaker}`;
      subjects.add(subject);
      sql.run("INSERT INTO memories VALUES (?, 'episodic', ?, ?, ?, 'live', NULL, NULL)", seq, subject, place, saidAt);
      index.add({ seq, subject, place, saidAt, speaker, text });
      facts.add({ seq, subject, text, saidAt, speaker: { id: subject, name: speaker } });
    }
  const gone = ids.flatMap((id, place) => (forgotten.has(id) ? [place + 1] : []));
  sql.run("DELETE FROM memories WHERE seq IN (SELECT value FROM json_each(?))", JSON.stringify(gone));
  index.remove(gone);
  facts.expire(gone);
  const rest = { scope: everything, subjects: [...subjects] };
  return (variant) => ({
    ask: ({ text, askedAt: now }, limit) => {
      const stated = variant === "all" ? facts.asked({ text, now }, rest.subjects) : [];
      return index
        .search({ text, now, limit, variant, facts: stated, ...rest })
        .map(({ seq: found }) => ids[found - 1]!);
    },
  });
}

/** The ids of that share of all turns which an agent would forget first, by the rule it forgets by, when all are old enough. */
export function forgottenFirst({ id, turns }: Conversation, share: number): ReadonlySet<string> {
  const now = turns.at(-1)!.saidAt + 2 * NEVER_BEFORE;
  const memories = turns.map(({ id: turn, text, saidAt }) => {
    const { importance } = glean({ text, speaker: { id: "", name: "" }, at: saidAt });
    const fixed = { accessCount: 0, pinned: false, inForce: false, consolidated: true };
    return { ...fixed, id: `${id} ${turn}`, importance, formedAt: saidAt };
  });
  return new Set(toArchive(memories, Math.round(turns.length * (1 - share)), now).map((memory) => memory.id));
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
    ask({ text }, limit) {
      const words = (text.match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => `"${word}"`).join(" OR ");
      const rows = select.all(...([words, limit] satisfies SQLInputValue[]));
      return rows.map(({ rowid }) => ids[Number(rowid) - 1]!);
    },
  };
}
