/** Step 2, context assembly: chooses what the model will see and records it by reference. */
import { Effect } from "effect";
import { isDue } from "#events/agent/turn.ts";
import { Erased } from "#events/kit/envelope.ts";
import { Recall, Rooms, type Toolbox, TurnLedger } from "../ports.ts";
import { compilePrompt, estimateTokens, PROMPT_VERSION } from "../prompt.ts";
import { quick } from "../schedules.ts";
import { metaOf, type Step } from "../step.ts";
import { ingredientsOf } from "../transcript.ts";

const MEMORIES_AT_MOST = 8;

export const assemble = {
  name: "assemble",
  isDue: isDue.assemble,
  run: Effect.fnUntraced(function* (turn) {
    const ledger = yield* TurnLedger;
    const rooms = yield* Rooms;
    const recall = yield* Recall;
    rooms.show(turn.roomId, {
      event: "agent_thinking",
      turnId: turn.turnId,
      state: "context",
      label: "Reading the room…",
    });
    const configuration = yield* ledger.configuration();
    const [trigger] = yield* ledger.reveal([turn.triggerSeq]);
    const text = trigger === undefined || trigger.words === Erased ? "" : String(trigger.words.text ?? "");
    const found = configuration.memoryEnabled
      ? yield* recall.search({ text, limit: MEMORIES_AT_MOST, roomId: turn.roomId, asker: turn.authorId }).pipe(
          Effect.retry(quick),
          Effect.map((memories) => ({ memories, degraded: undefined })),
          Effect.catchTag("RecallFailure", () => Effect.succeed({ memories: [], degraded: "memories" })),
        )
      : { memories: [], degraded: undefined };
    const references = {
      // The message to answer stands last, whatever came after it, and is there even when much did.
      messageSeqs: [...ledger.recent(turn.roomId).filter((seq) => seq !== turn.triggerSeq), turn.triggerSeq],
      memorySeqs: found.memories.map(({ seq }) => seq),
      summarySeq: null,
      tools: configuration.tools,
    };
    const prompt = compilePrompt(yield* ingredientsOf(turn, configuration, references));
    yield* ledger.commit({
      type: "RecordContext",
      meta: yield* metaOf(turn, "context"),
      turnId: turn.turnId,
      attempt: turn.attempt,
      ...references,
      memoryIds: found.memories.map(({ memoryId }) => memoryId),
      policyVersion: 0,
      masked: [],
      promptVersion: PROMPT_VERSION,
      promptHash: ledger.digest(JSON.stringify(prompt)),
      tokens: estimateTokens(prompt),
      ...(found.degraded === undefined ? {} : { degraded: found.degraded }),
    });
  }),
} satisfies Step<unknown, TurnLedger | Rooms | Recall | Toolbox>;
