/** Whether an agent speaks: the whole policy, from facts alone; asked by `decide` when a message has no verdict yet. */
import type { ActorName, AgentId, MessageId } from "../kit/ids.ts";
import { sha256 } from "../kit/sha256.ts";
import type { Addressed } from "../room/addressing.ts";
import { brakes } from "../room/rhythm.ts";

export type Silence = "not-addressed" | "too-many-hops" | "not-selected" | "cool-down" | "inactive" | "left-room";

/** How often an agent takes up an offer of the floor, when nobody said (SillyTavern's default). */
export const TALKATIVENESS = 0.5;

/** An agent that spoke without being asked lets others speak for so long. */
export const COOL_DOWN_MS = 20_000;

/** What the policy needs to know of a message. */
export interface Heard {
  readonly messageId: MessageId;
  readonly agentId: AgentId;
  readonly authorId: ActorName | string;
  readonly addressed: Addressed | null;
  readonly hops: number;
  /** When the verdict falls (ms since 1970). */
  readonly at: number;
}

/** What the policy needs to know of the agent that heard it. */
export interface Listener {
  readonly active: boolean;
  readonly present: boolean;
  /** 0 to 1: the share of offers that it takes up. */
  readonly talkativeness: number;
  /** When it last spoke here without being asked (ms since 1970); null if it never did. */
  readonly lastFloorAt: number | null;
}

/**
 * The number, from 0 up to but not 1, that an agent throws for a message: always the same for the same two, so that a
 * verdict can be explained, and repeated in a replay.
 */
export const roll = ({ messageId, agentId }: Pick<Heard, "messageId" | "agentId">): number =>
  (sha256(`${messageId}/${agentId}`)[0]! >>> 0) / 2 ** 32;

/** Why an agent leaves an offer of the floor to others, if it does. */
function modesty(message: Heard, { talkativeness, lastFloorAt }: Listener): Silence | undefined {
  if (lastFloorAt !== null && message.at - lastFloorAt < COOL_DOWN_MS) return "cool-down";
  return roll(message) < talkativeness ? undefined : "not-selected";
}

/**
 * Undefined when the agent should answer, else why it keeps silent. A person who speaks to it is always answered;
 * another agent only when it names this one, and only so many times since a person last spoke; an offer of the floor as
 * the agent likes.
 */
export function silence(message: Heard, agent: Listener): Silence | undefined {
  if (!agent.present) return "left-room";
  if (message.addressed === null) return "not-addressed";
  if (message.authorId.startsWith("agent:")) {
    if (message.addressed !== "mention") return "not-addressed";
    if (message.hops >= brakes.hops) return "too-many-hops";
  }
  if (!agent.active) return "inactive";
  return message.addressed === "floor" ? modesty(message, agent) : undefined;
}
