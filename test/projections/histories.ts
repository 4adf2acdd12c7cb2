/** Recorded events as a ledger would hand them out, random histories of them, and the rows they leave; for these tests. */
import { env } from "cloudflare:workers";
import { Redacted } from "effect";
import * as fc from "fast-check";
import * as A from "#events/agent/events.ts";
import type { Pending, Recorded, Words } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  type CallId,
  childId,
  type MemoryId,
  type MessageId,
  type RoomId,
  type TurnId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import * as R from "#events/room/events.ts";
import { PersonArrived } from "#events/user/events.ts";
import type { Projection, StreamName } from "#projections/kit/projection.ts";

export const { DB, CACHE } = env as unknown as { DB: D1Database; CACHE: KVNamespace };

export const START = Date.UTC(2026, 9, 1, 12);
export const dana = "user_dana" as UserId;
export const agentId = (label: string): AgentId => childId("agent", "test", label);
export const roomId = (label: string): RoomId => childId("room", "test", label);
export const turnId = (label: string): TurnId => childId("turn", "test", label);
export const callId = (label: string): CallId => childId("call", "test", label);
export const memoryId = (label: string): MemoryId => childId("memory", "test", label);
export const messageId = (label: string): MessageId => childId("message", "test", label);

/** Marks every word that these events carry; no column may show it. */
export const SECRET = "s3cret";
export const words = (text: string): Words => Redacted.make({ text: `${SECRET} ${text}` });

/** Stands in for the ledger's cipher: the words cannot be read from the bytes, and the bytes are not random. */
const cipher = (words: Words): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(Redacted.value(words))).map((byte) => byte ^ 0x5a);

/** The events as recorded from `first` on, one second apart. */
export const record = (pending: ReadonlyArray<Pending>, actor: ActorName = userName(dana), first = 1): Recorded[] =>
  pending.map(({ type, open, sealed }, index) => {
    const seq = first + index;
    return {
      seq,
      id: childId("event", actor, String(seq)),
      type,
      v: 1,
      at: START + seq * 1000,
      actor,
      command: childId("command", actor, String(seq)),
      correlation: "test",
      causation: null,
      open,
      ...(sealed === undefined ? {} : { sealed: cipher(sealed.words) }),
    };
  });

// ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const settings = { name: "Ada", provider: "anthropic", model: "claude", memoryEnabled: true };

export const created = (id: AgentId, over: { readonly ownerId?: UserId; readonly name?: string } = {}): Pending =>
  A.AgentCreated({ agentId: id, ownerId: dana, ...settings, ...over }, userName(dana), words("prompt"));

export const joined = (room: string): Pending => A.RoomJoined({ roomId: roomId(room), kind: "public" });

export const received = (room: string): Pending =>
  A.MessageReceived(
    {
      turnId: turnId("a"),
      roomId: roomId(room),
      roomSeq: 3,
      roomKind: "public",
      messageId: messageId("a"),
      authorId: userName(dana),
      hops: 0,
      chars: 5,
      replyTo: null,
      addressed: "mention",
      callsOff: false,
    },
    userName(dana),
    words("hello"),
  );

export const posted = (room: string): Pending =>
  A.ReplyPosted({ turnId: turnId("a"), roomId: roomId(room), messageId: messageId("b"), roomSeq: 4 });

export const asked = (...calls: ReadonlyArray<readonly [label: string, tool: string]>): Pending =>
  A.ModelReplied(
    {
      turnId: turnId("a"),
      round: 1,
      provider: "anthropic",
      model: "claude",
      finish: "tools",
      calls: calls.map(([label, tool]) => ({ callId: callId(label), tool, argsHash: "0" })),
      microUsd: null,
      ms: 12,
    },
    "agent:test",
    words("arguments"),
  );

const call = (label: string) => ({ turnId: turnId("a"), callId: callId(label), tool: "calculator" });
export const requested = (label: string): Pending =>
  A.ToolRequested({ ...call(label), replay: "once", key: callId(label) });
export const denied = (label: string): Pending => A.ToolDenied({ ...call(label), why: "not-granted" });
export const executed = (label: string): Pending =>
  A.ToolExecuted({ ...call(label), ms: 7, bytes: 3 }, "agent:test", words("result"));
export const failed = (label: string): Pending =>
  A.ToolFailed({ ...call(label), reason: "timeout", ms: 9 }, "agent:test", words("detail"));
export const unknown = (label: string): Pending => A.ToolOutcomeUnknown(call(label));

export const remembered = (label: string, importance = 0.5): Pending =>
  A.MemoryFormed(
    {
      memoryId: memoryId(label),
      turnId: turnId("a"),
      roomId: roomId("a"),
      kind: "semantic",
      importance,
      about: [dana],
      basis: "asked",
      ...{ origin: "person", audience: "room", speaker: `user:${dana}` },
      sourceSeqs: [2],
    },
    userName(dana),
    words("memory"),
  );

export const deleted = (): Pending => A.AgentDeleted({ rooms: [] });

export const personality = (): Pending =>
  A.PersonalitySet({ traits: { openness: 0.9 }, style: { humor: "subtle" } }, userName(dana), words("chess"));

export const opened = (
  id: RoomId,
  over: { readonly kind?: "public" | "private"; readonly ownerId?: UserId } = {},
): Pending => R.RoomOpened({ roomId: id, name: "Lobby", kind: "public", ownerId: dana, ...over });

export const arrived = (id: UserId): Pending =>
  R.ParticipantJoined({ userId: id, by: userName(id) }, userName(id), words("Dana"));

export const said = (by: ActorName = userName(dana)): Pending =>
  R.MessagePosted(
    {
      messageId: messageId("a"),
      by,
      chars: 5,
      hops: 0,
      replyTo: null,
      addressed: [],
      brake: null,
      callsOff: false,
      turn: null,
    },
    by,
    words("hello"),
  );

export const person = (id: UserId): Pending => PersonArrived({ userId: id }, userName(id), words("Dana"));

// ── random histories ────────────────────────────────────────────────────────────────────────────────────────────────

const label = fc.constantFrom("a", "b", "c");

/** What may happen to memories once they are there, or before. */
const onMemories = (one: MemoryId, other: MemoryId): ReadonlyArray<Pending> => [
  A.MemorySuperseded({ memoryId: one, by: other, validTo: START, retractedAt: START }),
  A.MemoriesMerged({ into: one, from: [other] }),
  A.MemoriesSeparated({ into: one, from: [other] }),
  A.MemoriesArchived({ memoryIds: [one, other] }),
  A.MemoriesRestored({ memoryIds: [one] }),
  A.MemoryForgotten({ memoryIds: [other], seqs: [2], why: "asked" }),
];

/** What may follow an agent's creation. Ids are few and the order is free, so that every change meets every other. */
const agentMoves = fc.oneof(
  label.map(joined),
  label.map((room) => A.RoomLeft({ roomId: roomId(room) })),
  label.map(received),
  label.map(posted),
  fc.tuple(label, label).map(([one, other]) => asked([one, "calculator"], [other, "web_search"])),
  label.chain((name) => fc.constantFrom(requested, denied, executed, failed, unknown).map((event) => event(name))),
  fc.tuple(label, fc.integer({ min: 0, max: 10 })).map(([name, tenths]) => remembered(name, tenths / 10)),
  fc.tuple(label, label).chain(([one, other]) => fc.constantFrom(...onMemories(memoryId(one), memoryId(other)))),
  fc.constantFrom(personality(), A.AgentActivated({}), A.AgentDeactivated({})),
  fc
    .integer({ min: 2, max: 9 })
    .map((version) =>
      A.AgentReconfigured({ version, ...settings, temperature: version / 10 }, userName(dana), words("new prompt")),
    ),
  label.map((name) =>
    A.ToolsGranted({
      tools: [
        { name, mode: "ask" },
        { name: "calculator", mode: "off" },
      ],
    }),
  ),
);

/** Deletion ends a real history; here more may follow, which only makes the fold's work harder. */
export const agentHistories = (id: AgentId): fc.Arbitrary<Recorded[]> =>
  fc
    .array(fc.oneof({ arbitrary: agentMoves, weight: 30 }, { arbitrary: fc.constant(deleted()), weight: 1 }), {
      maxLength: 30,
    })
    .map((moves) => record([created(id), ...moves], agentName(id)));

const by = userName(dana);
const roomMoves = label.chain((name) =>
  fc.constantFrom(
    arrived(name as UserId),
    R.ParticipantLeft({ userId: name as UserId, by }),
    R.AgentInvited({ agentId: agentId(name), name, by }),
    R.AgentInvited({ agentId: agentId(name), name: `${name} the second`, by }),
    R.AgentDismissed({ agentId: agentId(name), by }),
    said(),
    R.AgentInvoked({ messageId: messageId("a"), agentId: agentId(name), by, replyTo: null }),
    R.RoomClosed({ by }),
  ),
);

export const roomHistories = (id: RoomId): fc.Arbitrary<Recorded[]> =>
  fc.array(roomMoves, { maxLength: 30 }).map((moves) => record([opened(id), ...moves]));

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Rows = Readonly<Record<string, ReadonlyArray<Record<string, string | number | null>>>>;
const CURSORS = { name: "projection_cursors", scope: "stream", key: ["projection", "version"] };

const placesOf = (projections: ReadonlyArray<Projection>, stream: StreamName) => [
  ...projections.flatMap(({ tables }) =>
    tables.map((table) => ({ ...table, value: stream.slice(stream.indexOf(":") + 1) })),
  ),
  { ...CURSORS, value: stream },
];

/** Every row that projections keep of a stream, cursors included, in the order of their keys. */
export async function rowsOf(projections: ReadonlyArray<Projection>, stream: StreamName): Promise<Rows> {
  const places = placesOf(projections, stream);
  const answers = await DB.batch<Record<string, string | number | null>>(
    places.map(({ name, scope, key, value }) =>
      DB.prepare(`SELECT * FROM ${name} WHERE ${scope} = ?1 ORDER BY ${[scope, ...key].join()}`).bind(value),
    ),
  );
  return Object.fromEntries(places.map(({ name }, index) => [name, answers[index]!.results]));
}

/** Puts the rows of a stream back to what they once were: what a restored backup does. */
export async function restore(projections: ReadonlyArray<Projection>, stream: StreamName, rows: Rows = {}) {
  await DB.batch(
    placesOf(projections, stream).flatMap(({ name, scope, value }) => [
      DB.prepare(`DELETE FROM ${name} WHERE ${scope} = ?1`).bind(value),
      ...(rows[name] ?? []).map((row) =>
        DB.prepare(
          `INSERT INTO ${name} (${Object.keys(row).join()}) VALUES (${Object.keys(row)
            .map(() => "?")
            .join()})`,
        ).bind(...Object.values(row)),
      ),
    ]),
  );
}
