/** Who a message speaks to, and whether it calls off, read from its text at the room's door; the facts then travel in the open part of events. */
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

type Named = ReadonlyArray<{ readonly name: string }>;

/** Letters and digits of any script continue a name; anything else ends it. */
const continues = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** Where `lower` has `wanted`, itself in lower case, as whole words, from `start` on; -1 where it has not. */
function placeOf(lower: string, wanted: string, start = 0): number {
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

// ── calling off ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whole messages that mean nothing but "leave off". One word too many in here would cut off answers that were wanted. */
const callsToLeaveOff: ReadonlySet<string> = new Set([
  ...["stop", "stop it", "stop that", "stop there", "stop now", "stop talking", "stop writing", "halt", "abort"],
  ...["never mind", "nevermind", "nvm", "cancel", "cancel it", "cancel that", "forget it", "forget about it"],
  ...["drop it", "leave it", "enough", "that is enough", "that s enough", "thats enough", "be quiet"],
  ...["stopp", "anhalten", "abbrechen", "abbruch", "brich ab", "aufhören", "hör auf", "vergiss es", "lass es"],
  ...["lass gut sein", "lass mal", "schon gut", "genug", "das reicht", "es reicht"],
  ...["arrête", "arrete", "arrêtez", "arretez", "annule", "annulez", "laisse tomber", "laissez tomber"],
  ...["detente", "detén", "cancela", "cancelar", "olvídalo", "olvidalo", "déjalo", "dejalo", "basta"],
  ...["fermati", "annulla", "lascia perdere", "lascia stare"],
]);
const courtesies: ReadonlySet<string> = new Set(["please", "bitte", "ok", "okay"]);

/** `lower` without the names of these agents, with or without @, and without any other @name. */
function withoutNames(lower: string, agents: Named): string {
  let rest = lower;
  // The longest first: with "ada" taken away, "ada lovelace" would leave half a name.
  for (const { name } of [...agents].sort((one, other) => other.name.length - one.name.length))
    for (const wanted of [`@${name.toLowerCase()}`, name.toLowerCase()])
      for (let at = placeOf(rest, wanted); at >= 0; at = placeOf(rest, wanted, at + 1))
        rest = `${rest.slice(0, at)} ${rest.slice(at + wanted.length)}`;
  return rest.replace(/(?<![\p{L}\p{N}_])@[\p{L}\p{N}_.-]+/gu, " ");
}

/**
 * True when a whole message, names taken away, says nothing but to leave off: "stop", "@Ada never mind!". Case and
 * punctuation do not matter, nor how often it is said.
 */
export function callsOff(text: string, agents: Named): boolean {
  const said = (lower: string) =>
    (lower.match(/[\p{L}\p{N}]+/gu) ?? [])
      .filter((word) => !courtesies.has(word))
      .filter((word, index, all) => word !== all[index - 1])
      .join(" ");
  if (text.length > 200) return false; // a call to leave off is short, and looking costs time
  const lower = text.normalize("NFC").toLowerCase();
  return callsToLeaveOff.has(said(lower)) || callsToLeaveOff.has(said(withoutNames(lower, agents)));
}
