/** Whether an agent speaks: the simplest policy, from facts alone; asked by `decide` when a message has no verdict yet. */
import type { ActorName } from "../kit/ids.ts";
import type { Addressed } from "../room/addressing.ts";
import { limits } from "./turn.ts";

export type Silence = "not-addressed" | "too-many-hops" | "inactive" | "left-room";

/**
 * Undefined when the agent should answer, else why it keeps silent. A person is answered whenever the message speaks
 * to the agent; another agent only when it names this one, and only so many times since a person last spoke.
 */
export function silence(
  message: { readonly authorId: ActorName | string; readonly addressed: Addressed | null; readonly hops: number },
  agent: { readonly active: boolean; readonly present: boolean },
): Silence | undefined {
  if (!agent.present) return "left-room";
  if (message.addressed === null) return "not-addressed";
  if (message.authorId.startsWith("agent:")) {
    if (message.addressed !== "mention") return "not-addressed";
    if (message.hops >= limits.hops) return "too-many-hops";
  }
  return agent.active ? undefined : "inactive";
}
