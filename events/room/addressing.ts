/** Who a message speaks to, read from its text at the room's door; the facts then travel in the open part of events. */
import { Schema } from "effect";
import type { AgentId, MessageId } from "../kit/ids.ts";

export const RoomKind = Schema.Literals(["public", "private", "direct"]);
export type RoomKind = typeof RoomKind.Type;

/**
 * How a message addresses an agent, strongest first. `invoked`: called in, by a person or as the next in a round.
 * `floor`: nobody was meant, the room offers the floor, and the agent may keep silent.
 */
export const Addressed = Schema.Literals(["invoked", "direct", "mention", "reply", "question", "floor"]);
export type Addressed = typeof Addressed.Type;

/** Letters and digits of any script continue a name; anything else ends it. */
const continues = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** Where `lower` has `wanted`, itself in lower case, as whole words, from `start` on; -1 where it has not. */
export function placeOf(lower: string, wanted: string, start = 0): number {
  for (let at = lower.indexOf(wanted, start); at >= 0; at = lower.indexOf(wanted, at + 1))
    if (!continues(lower[at + wanted.length]) && !continues(lower[at - 1])) return at;
  return -1;
}

/** True when `text` has `name` as whole words, in any case, right behind `before`. */
const names = (text: string, name: string, before: "@" | ""): boolean =>
  placeOf(text.toLowerCase(), `${before}${name.toLowerCase()}`) >= 0;

/**
 * Which of the room's agents a message addresses, and how: by `@name`, by answering one of its messages, by asking a
 * question that names it, or because the room is a conversation with it alone.
 */
export function addressedAgents(
  text: string,
  room: {
    readonly kind: RoomKind;
    readonly agents: ReadonlyArray<{ readonly agentId: AgentId; readonly name: string }>;
  },
  replyTo?: { readonly messageId: MessageId; readonly author: string },
): ReadonlyArray<{ readonly agentId: AgentId; readonly how: Addressed }> {
  const question = /[?？؟]/.test(text);
  const howOf = (agentId: AgentId, name: string): Addressed | undefined => {
    if (names(text, name, "@")) return "mention";
    if (room.kind === "direct") return "direct";
    if (replyTo?.author === `agent:${agentId}`) return "reply";
    return question && names(text, name, "") ? "question" : undefined;
  };
  return room.agents.flatMap(({ agentId, name }) => {
    const how = howOf(agentId, name);
    return how === undefined ? [] : [{ agentId, how }];
  });
}

/** True when the text has somebody's name behind an @, be it a person or an agent, here or not. */
export const namesSomebody = (text: string): boolean => /(?<![\p{L}\p{N}_])@[\p{L}\p{N}_]/u.test(text);
