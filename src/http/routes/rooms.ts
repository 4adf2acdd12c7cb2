/** Handlers for rooms: who is in them, and what is said there. */
import { Effect, Schema } from "effect";
import { HttpApiBuilder } from "effect/http-api";
import type { RoomDescription, RoomDoor } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { textFault } from "#events/kit/canonical.ts";
import { AgentId, childId, type RoomId } from "#events/kit/ids.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import { messageCommand } from "#events/room/decide.ts";
import { roomsFor } from "#projections/queries.ts";
import { Api, type RoomView } from "../api.ts";
import { Asker, type Asking, ask, commandId, perform, recentlyTouched, SETTLE_MS, touched } from "../asker.ts";
import { problem } from "../problem.ts";
import { badCursor, type HistoryParameters, historyPage, listPage } from "./pages.ts";
import { agentId, roomId, userId } from "./paths.ts";

const viewOf = (room: RoomDescription): RoomView => ({
  id: room.roomId,
  name: room.name,
  kind: room.kind,
  created_by: room.ownerId,
  created_at: new Date(room.openedAt).toISOString(),
  mode: room.mode,
  joined: room.joined,
  participants: room.participants.map(({ kind, id, name }) => ({
    kind,
    ...(kind === "user" ? { user_id: id } : { agent_id: id }),
    name,
    is_owner: kind === "user" && id === room.ownerId,
  })),
  seq: room.seq,
});

type Change<A> = (door: RoomDoor, asking: Asking, command: string) => Promise<Reply<A>>;

/** Asks a room to change. */
const changed = Effect.fnUntraced(function* <A>(id: string, call: Change<A>) {
  const room = yield* roomId(id);
  return yield* ask((asking) => call(asking.env.ROOM.getByName(room), asking, commandId(asking)));
});

/** Asks a room to change, and waits until the lists show it: they know its people, not its agents or its policy. */
const changedAndListed = Effect.fnUntraced(function* <A>(id: string, call: Change<A>) {
  const value = yield* changed(id, call);
  yield* perform(({ env }) => env.ROOM.getByName(id).settle(SETTLE_MS));
  return value;
});

const create = Effect.fnUntraced(function* ({ name, kind }: { readonly name: string; readonly kind: RoomKind }) {
  const asking = yield* Asker;
  const command = commandId(asking);
  const made = childId<RoomId>("room", asking.principal.userId, command);
  const door = asking.env.ROOM.getByName(made);
  const room = yield* ask(({ principal }) => door.open(principal, command, { roomId: made, name, kind }));
  yield* perform(() => door.settle(SETTLE_MS));
  return viewOf(room);
});

/** Refuses who takes no part in the room, before anything is looked up that only participants may learn of. */
const requireSeat = Effect.fnUntraced(function* (id: string) {
  const room = yield* roomId(id);
  const { joined } = yield* ask(({ env, principal }) => env.ROOM.getByName(room).describe(principal));
  if (!joined) return yield* problem("forbidden", { detail: "Join the room first." });
});

/** Brings a person, or an agent of the caller's own, into a room. */
const addParticipant = Effect.fnUntraced(function* (
  id: string,
  who: { readonly user_id: string } | { readonly agent_id: string },
) {
  yield* requireSeat(id);
  if ("agent_id" in who) {
    const known = yield* agentId(who.agent_id);
    const agent = yield* ask(({ env, principal }) => env.AGENT.getByName(known).describe(principal));
    return viewOf(
      yield* changed(id, (door, { principal }, command) => door.inviteAgent(principal, command, known, agent.name)),
    );
  }
  const person = yield* userId(who.user_id);
  const name = yield* perform(({ env }) => env.USER.getByName(person).displayName());
  if (name === null) return yield* problem("not-found", { detail: "There is no such person here." });
  return viewOf(
    yield* changedAndListed(id, (door, { principal }, command) =>
      door.addPerson(principal, command, person, name || person),
    ),
  );
});

const removeParticipant = Effect.fnUntraced(function* (id: string, participant: string) {
  if (Schema.is(AgentId)(participant))
    return yield* changed(id, (door, { principal }, command) => door.dismissAgent(principal, command, participant));
  const person = yield* userId(participant);
  return yield* changedAndListed(id, (door, { principal }, command) => door.removePerson(principal, command, person));
});

interface MessageRange {
  readonly after_seq?: number;
  readonly before_seq?: number;
  readonly cursor?: string;
  readonly limit?: number;
}

/** Where a page starts, and in which direction it goes: a cursor is `a` or `b` (after, before) and a seq. */
const rangeOf = Effect.fnUntraced(function* ({ after_seq, before_seq, cursor, limit = 50 }: MessageRange) {
  const [, direction, seq] = /^([ab])(\d{1,15})$/.exec(cursor ?? "") ?? [];
  if (cursor !== undefined && seq === undefined) return yield* badCursor();
  const after = direction === "a" ? Number(seq) : after_seq;
  const before = direction === "b" ? Number(seq) : before_seq;
  return { limit, ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }) };
});

const messages = Effect.fnUntraced(function* (id: string, query: MessageRange) {
  const room = yield* roomId(id);
  const range = yield* rangeOf(query);
  const found = yield* ask(({ env, principal }) => env.ROOM.getByName(room).messages(principal, range));
  const next = "after" in range ? `a${found.messages.at(-1)?.seq}` : `b${found.messages[0]?.seq}`;
  return { data: found.messages, page: { next_cursor: found.more ? next : null, has_more: found.more } };
});

const post = Effect.fnUntraced(function* (
  id: string,
  {
    text,
    client_msg_id,
    reply_to,
  }: { readonly text: string; readonly client_msg_id: string; readonly reply_to?: string },
) {
  const room = yield* roomId(id);
  const fault = text.trim() === "" ? "is empty" : textFault(text);
  if (fault !== undefined) return yield* problem("validation", { errors: [{ path: ["text"], message: fault }] });
  const input = reply_to === undefined ? { text } : { text, replyTo: reply_to };
  touched(yield* Asker, room);
  return yield* ask((asking) => {
    const keyed = asking.request.headers.has("idempotency-key");
    const command = keyed ? commandId(asking) : messageCommand(asking.principal.userId, client_msg_id);
    return asking.env.ROOM.getByName(room).post(asking.principal, command, input);
  });
});

const events = Effect.fnUntraced(function* (id: string, query: HistoryParameters) {
  const room = yield* roomId(id);
  return yield* historyPage(query, ({ env, principal }, wanted) => env.ROOM.getByName(room).history(principal, wanted));
});

const describe = Effect.fnUntraced(function* (id: string) {
  const room = yield* roomId(id);
  return viewOf(yield* ask(({ env, principal }) => env.ROOM.getByName(room).describe(principal)));
});

const list = Effect.fnUntraced(function* (query: { readonly limit?: number; readonly cursor?: string }) {
  const asking = yield* Asker;
  const { env, principal } = asking;
  yield* perform(() => Promise.all(recentlyTouched(asking).map((room) => env.ROOM.getByName(room).settle(SETTLE_MS))));
  const page = yield* listPage(roomsFor(env.DB, principal.userId, query));
  return { ...page, data: page.data.map(({ closed: _closed, ...row }) => row) };
});

export const RoomRoutes = HttpApiBuilder.group(
  Api,
  "rooms",
  Effect.fnUntraced(function* (handlers) {
    return handlers.handleAll({
      listRooms: ({ query }) => list(query),
      createRoom: ({ payload }) => create(payload),
      getRoom: ({ params }) => describe(params.id),
      setRoomPolicy: ({ params, payload }) =>
        Effect.map(
          changed(params.id, (door, { principal }, command) => door.setPolicy(principal, command, payload.mode)),
          viewOf,
        ),
      joinRoom: ({ params }) =>
        Effect.map(
          changedAndListed(params.id, (door, { principal }, command) => door.join(principal, command)),
          viewOf,
        ),
      leaveRoom: ({ params }) =>
        changedAndListed(params.id, (door, { principal }, command) =>
          door.removePerson(principal, command, principal.userId),
        ),
      addParticipant: ({ params, payload }) => addParticipant(params.id, payload),
      removeParticipant: ({ params }) => removeParticipant(params.id, params.participantId),
      listMessages: ({ params, query }) => messages(params.id, query),
      postMessage: ({ params, payload }) => post(params.id, payload),
      listRoomEvents: ({ params, query }) => events(params.id, query),
    });
  }),
);
