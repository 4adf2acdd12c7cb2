/** Who a message speaks to, read from its text at the room's door; the facts then travel in the open part of events. */
import { Schema } from "effect";
import type { AgentId, MessageId } from "../kit/ids.ts";

export const RoomKind = Schema.Literals(["public", "private", "direct"]);
export type RoomKind = typeof RoomKind.Type;

/** How a message addresses an agent, strongest first. */
export const Addressed = Schema.Literals(["invoked", "direct", "mention", "reply", "question", "floor"]);
export type Addressed = typeof Addressed.Type;

/** Letters and digits of any script continue a name; anything else ends it. */
const continues = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** True when `text` has `name` as whole words, in any case, right behind `before`. */
function names(text: string, name: string, before: "@" | ""): boolean {
  const wanted = `${before}${name.toLowerCase()}`;
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1))
    if (!continues(lower[at + wanted.length]) && !continues(lower[at - 1])) return true;
  return false;
}

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
