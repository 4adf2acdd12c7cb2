/** `agent_memories`: what each agent remembers, its content sealed at rest; listed by `queries.ts`. */
import { json, moment, sealedTextAlways } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "agent_memories_v1",
  scope: "agent_id",
  key: ["id"],
  columns: {
    id: "text",
    memory_type: "text",
    content: "text",
    embedding_vector: "text?",
    importance_score: "real",
    context: "text",
    about: "text",
    created_at: "text",
    accessed_at: "text",
    access_count: "integer",
    state: "text",
    valid_to: "text?",
    superseded_by: "text?",
  },
});

/** The view shows `archived` ones as such, and no `merged` ones; both have to be found when they come back. */
const inState = (ids: ReadonlyArray<string>, state: "live" | "archived" | "merged") =>
  ids.map((id) => rows.update({ id }, { state }));

export const memories = defineProjection({
  name: "memories",
  version: 1,
  reads: "agent",
  tables: [rows],
  project: {
    MemoryFormed: (event) => {
      const { memoryId, kind, importance, about, turnId, roomId, basis, sourceSeqs } = event.open;
      // A memory without words of its own has those of the message it is.
      const words = event.sealed === undefined ? json({ sealed: null, seq: sourceSeqs[0] ?? event.seq }) : undefined;
      return [
        rows.insert({
          id: memoryId,
          memory_type: kind,
          content: words ?? sealedTextAlways(event),
          importance_score: importance,
          context: json({ turn_id: turnId, room_id: roomId, basis, source_seqs: sourceSeqs }),
          about: json(about),
          created_at: moment(event.at),
          accessed_at: moment(event.at),
          access_count: 0,
          state: "live",
        }),
      ];
    },
    MemoryRevised: (event) => {
      const { memoryId, kind, importance, about } = event.open;
      const facts = { memory_type: kind, importance_score: importance, about: json(about) };
      const words = event.sealed === undefined ? {} : { content: sealedTextAlways(event) };
      return [rows.update({ id: memoryId }, { ...facts, ...words })];
    },
    MemorySuperseded: ({ open: { memoryId, by, validTo } }) => [
      rows.update({ id: memoryId }, { valid_to: moment(validTo), superseded_by: by }),
    ],
    MemoriesMerged: (event) => inState(event.open.from, "merged"),
    MemoriesSeparated: (event) => inState(event.open.from, "live"),
    MemoriesArchived: (event) => inState(event.open.memoryIds, "archived"),
    MemoriesRestored: (event) => inState(event.open.memoryIds, "live"),
    ContextAssembled: (event) =>
      event.open.memoryIds.map((id) => rows.update({ id }, { accessed_at: moment(event.at) }, { access_count: 1 })),
    MemoryForgotten: (event) => event.open.memoryIds.map((id) => rows.remove({ id })),
    AgentDeleted: () => [rows.clear()],
  },
});
