/** The agent's memories as they are embedded: which there are, and their words with those said right before; given to Embeddings by AgentMemory. */
import { Effect } from "effect";
import type { Unsealed } from "#events/kit/envelope.ts";
import type { SqlPort } from "../../../kit/sql.ts";
import type { KeyFailure } from "../../turn/failures.ts";
import { contentOf } from "../recall/mind.ts";
import type { MemoryRegister } from "../recall/register.ts";
import { precedingOf } from "../recall/sessions.ts";
import { hasTables } from "../recall/tables.ts";
import type { EmbeddedMemories } from "./embeddings.ts";
import type { MemoryTexts } from "./reembedding.ts";

/** A window is a memory and two before it. */
const PRECEDING = 2;

type Reveal = (seqs: ReadonlyArray<number>) => Effect.Effect<ReadonlyArray<Unsealed>, KeyFailure>;

/** The live ones of these memories, the oldest first. */
const liveOf = (register: MemoryRegister, seqs: ReadonlyArray<number>) =>
  register
    .bySeq(seqs)
    .toReversed()
    .filter(({ state }) => state === "live");

/** Over the register and the sessions of the index, both in `sql`. */
export const embeddedMemories = (
  sql: SqlPort,
  {
    register,
    isLevel,
    reveal,
  }: { readonly register: MemoryRegister; readonly isLevel: () => boolean; readonly reveal: Reveal },
): EmbeddedMemories => ({
  isLevel,
  after: (seq, limit) => register.liveAfter(seq, limit),
  live: (seqs) => new Map(liveOf(register, seqs).map(({ seq, memoryId }) => [seq, memoryId])),
  of: (subject) => register.of(subject),
  texts: (seqs) =>
    Effect.suspend(() => {
      const isIndexed = hasTables(sql);
      const rows = liveOf(register, seqs).map(({ seq, subject }) => ({
        ...{ seq, subject },
        before: isIndexed ? precedingOf(sql, seq, PRECEDING) : [],
      }));
      const wanted = new Set(rows.flatMap(({ seq, before }) => [...before, seq]));
      return Effect.map(reveal([...wanted]), (revealed) => {
        const words = new Map(revealed.map((unsealed) => [unsealed.event.seq, contentOf(unsealed)]));
        return rows.flatMap(({ seq, subject, before }): ReadonlyArray<MemoryTexts> => {
          const own = words.get(seq);
          if (own == null) return []; // erased
          const preceding = before.filter((one) => words.get(one) != null);
          const window = [...preceding.map((one) => words.get(one)), own].join("\n");
          return [{ seq, subject, own, window, preceding }];
        });
      });
    }),
});
