/** Branded ids and how one id is derived from another; used on every floor, and by the page. */
import { Schema } from "effect";
import { sha256 } from "./sha256.ts";

/**
 * What each id's prefix stands for. People keep the id of their identity provider, so they have no prefix of ours.
 */
export const prefixes = {
  agent: "agt",
  room: "rm",
  message: "msg",
  turn: "trn",
  call: "call",
  memory: "mem",
  event: "evt",
  command: "cmd",
  erasure: "ers",
} as const;

export type Kind = keyof typeof prefixes;

/** 26 characters of Crockford's base 32 in lower case: 48 bits of time, 80 bits of chance or of a digest. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const BODY = "[0-9a-hjkmnp-tv-z]{26}";

const idSchema = (kind: Kind) => Schema.String.check(Schema.isPattern(new RegExp(`^${prefixes[kind]}_${BODY}$`)));

export const AgentId = idSchema("agent").pipe(Schema.brand("AgentId"));
export type AgentId = typeof AgentId.Type;
export const RoomId = idSchema("room").pipe(Schema.brand("RoomId"));
export type RoomId = typeof RoomId.Type;
export const MessageId = idSchema("message").pipe(Schema.brand("MessageId"));
export type MessageId = typeof MessageId.Type;
export const TurnId = idSchema("turn").pipe(Schema.brand("TurnId"));
export type TurnId = typeof TurnId.Type;
export const CallId = idSchema("call").pipe(Schema.brand("CallId"));
export type CallId = typeof CallId.Type;
export const MemoryId = idSchema("memory").pipe(Schema.brand("MemoryId"));
export type MemoryId = typeof MemoryId.Type;

export const ErasureId = idSchema("erasure").pipe(Schema.brand("ErasureId"));
export type ErasureId = typeof ErasureId.Type;

/** A person: the `sub` of their token, as the identity provider wrote it. */
export const UserId = Schema.String.check(Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}$/)).pipe(
  Schema.brand("UserId"),
);
export type UserId = typeof UserId.Type;

/** Who acts: `user:…`, `agent:…` or `system:…`. Also names the owner of a sealing key. */
export const ActorName = Schema.TemplateLiteral([Schema.Literals(["user", "agent", "system"]), ":", Schema.String]);
export type ActorName = typeof ActorName.Type;

export const userName = (id: UserId): ActorName => `user:${id}`;
export const agentName = (id: AgentId): ActorName => `agent:${id}`;

/** The id behind an actor's name: `agent:agt_…` → `agt_…`. */
export const idOf = (name: ActorName): string => name.slice(name.indexOf(":") + 1);

/** A whole number of at most 53 bits as so many base-32 characters, most significant first. */
function base32(value: number, characters: number): string {
  let rest = value;
  let out = "";
  for (let index = 0; index < characters; index++) {
    out = ALPHABET[rest % 32] + out;
    rest = Math.floor(rest / 32);
  }
  return out;
}

/** Ten bytes (80 bits) as sixteen characters, in two halves of 40 bits. */
const chanceOf = (random: Uint8Array): string =>
  [random.subarray(0, 5), random.subarray(5, 10)]
    .map((half) =>
      base32(
        half.reduce((value, byte) => value * 256 + byte, 0),
        8,
      ),
    )
    .join("");

/**
 * A new id from a clock (ms since 1970) and ten random bytes, both handed in: this floor has neither.
 * Ids of one kind sort by the time they were made.
 */
export const makeId = <I extends string>(kind: Kind, at: number, random: Uint8Array): I =>
  `${prefixes[kind]}_${base32(at, 10)}${chanceOf(random)}` as I;

/** The number behind base-32 characters. */
const numberOf = (characters: string): number =>
  [...characters].reduce((value, character) => value * 32 + Math.max(0, ALPHABET.indexOf(character)), 0);

/** The time an id was made (ms since 1970); meaningless for derived ids. */
export const timeOf = (id: string): number => numberOf(id.slice(id.indexOf("_") + 1).slice(0, 10));

/** The first 130 bits of a text's SHA-256, as 26 characters: parts of ids come from outside, so nobody may steer them. */
function digest(text: string): string {
  const words = sha256(text);
  let out = "";
  for (let bit = 0; bit < 130; bit += 5) {
    const [word, shift] = [words[bit >> 5]!, bit & 31];
    // Five bits from `shift` on, the first being the highest; the last of a word may reach into the next.
    const five =
      shift <= 27 ? word >>> (27 - shift) : (word << (shift - 27)) | (words[(bit >> 5) + 1]! >>> (59 - shift));
    out += ALPHABET[five & 31];
  }
  return out;
}

const streams = new Map<string, string>();

/** The first 40 bits of a stream's digest; an object writes one stream, so it is computed once. */
function streamMark(stream: string): string {
  const known = streams.get(stream);
  if (known !== undefined) return known;
  if (streams.size > 10_000) streams.clear();
  const mark = digest(stream).slice(0, 8);
  streams.set(stream, mark);
  return mark;
}

/** The id of an event: when it was written, in which stream, and where there. Ids that rise with time touch one page of an index, not any. */
export const eventId = (at: number, stream: string, seq: number): string =>
  `${prefixes.event}_${base32(at, 10)}${streamMark(stream)}${base32(seq, 8)}`;

/** Where an event of this id would stand in its stream; whoever looks there compares the ids. */
export const seqOf = (id: string): number => numberOf(id.slice(-8));

const children = new Map<string, string>();

/**
 * The id that belongs to `parent` under this label: always the same for the same two, so a retry makes the same thing
 * again instead of a second one. All who have to do with a turn ask for the same few, so the latest are kept.
 */
export function childId<I extends string>(kind: Kind, parent: string, label: string): I {
  const child = `${parent}/${label}`;
  let known = children.get(child);
  if (known === undefined) {
    if (children.size >= 1_000) children.clear();
    known = digest(child);
    children.set(child, known);
  }
  return `${prefixes[kind]}_${known}` as I;
}
