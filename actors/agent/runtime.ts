/** What an agent's turns run in: its own services beside the abilities it gets from above; built by AgentActor. */
import { Layer, ManagedRuntime, Scheduler } from "effect";
import type { Embedder, Reranker, VectorIndex } from "./turn/memory-ports.ts";
import { type ChatModel, MemoryFormer, type Moderator, Recall, Rooms, type Toolbox, TurnLedger } from "./turn/ports.ts";

/** What an agent gets from above: models, tools, a sense of what may not be said, and of which texts are near each other. */
export type Abilities = ChatModel | Toolbox | Moderator | Embedder | VectorIndex | Reranker;

/**
 * Fibers go on in microtasks. Effect's own scheduler yields with `setImmediate`, a whole turn of the event loop here:
 * steps that need no wait between them would each pay an fsync instead of sharing one.
 */
const inOneBreath = Layer.succeed(Scheduler.Scheduler, new Scheduler.MixedScheduler("sync"));

/** One runtime of one agent. */
export const runtimeOf = (
  abilities: Layer.Layer<Abilities>,
  own: {
    readonly ledger: TurnLedger["Service"];
    readonly rooms: Rooms["Service"];
    readonly recall: Recall["Service"];
    readonly former: MemoryFormer["Service"];
  },
) =>
  ManagedRuntime.make(
    Layer.mergeAll(
      abilities,
      inOneBreath,
      Layer.succeed(TurnLedger, own.ledger),
      Layer.succeed(Rooms, own.rooms),
      Layer.succeed(Recall, own.recall),
      Layer.succeed(MemoryFormer, own.former),
    ),
  );
