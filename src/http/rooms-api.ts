/** The endpoints of rooms, declared; part of the API in api.ts. */
import { Schema } from "effect";
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema } from "effect/http-api";
import { Message } from "#actors/room/frames.ts";
import { RoomMode } from "#events/room/rhythm.ts";
import { anyProblem } from "./problems.ts";
import { ById, Cursor, EventView, Limit, pageOf, Seq, ShortText } from "./shapes.ts";

export const RoomSummary = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  kind: Schema.Literals(["public", "private", "direct"]),
  created_by: Schema.String,
  created_at: Schema.String,
  /** Whether the caller takes part. */
  joined: Schema.Boolean,
  message_count: Schema.Int,
  last_message_at: Schema.NullOr(Schema.String),
});

export const ParticipantView = Schema.Struct({
  kind: Schema.Literals(["user", "agent"]),
  user_id: Schema.optionalKey(Schema.String),
  agent_id: Schema.optionalKey(Schema.String),
  name: Schema.String,
  is_owner: Schema.Boolean,
});

export const RoomView = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  kind: Schema.Literals(["public", "private", "direct"]),
  created_by: Schema.String,
  created_at: Schema.String,
  /** Who speaks when. */
  mode: RoomMode,
  joined: Schema.Boolean,
  participants: Schema.Array(ParticipantView),
  seq: Schema.Int,
});
export type RoomView = typeof RoomView.Type;

const NewRoom = Schema.Struct({ name: ShortText, kind: Schema.Literals(["public", "private", "direct"]) });
const NewParticipant = Schema.Union([
  Schema.Struct({ user_id: Schema.String }),
  Schema.Struct({ agent_id: Schema.String }),
]);
const NewRoomMessage = Schema.Struct({
  text: Schema.String,
  client_msg_id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)),
  reply_to: Schema.optionalKey(Schema.String),
});

export const Rooms = HttpApiGroup.make("rooms")
  .add(
    HttpApiEndpoint.get("listRooms", "/rooms", {
      query: { limit: Limit, cursor: Cursor },
      success: pageOf(RoomSummary),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("createRoom", "/rooms", {
      payload: NewRoom,
      success: RoomView.pipe(HttpApiSchema.status(201)),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("getRoom", "/rooms/:id", { params: ById, success: RoomView, error: anyProblem }),
    HttpApiEndpoint.put("setRoomPolicy", "/rooms/:id/policy", {
      params: ById,
      payload: Schema.Struct({ mode: RoomMode }),
      success: RoomView,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("joinRoom", "/rooms/:id/join", { params: ById, success: RoomView, error: anyProblem }),
    HttpApiEndpoint.post("leaveRoom", "/rooms/:id/leave", {
      params: ById,
      success: HttpApiSchema.NoContent,
      error: anyProblem,
    }),
    HttpApiEndpoint.post("addParticipant", "/rooms/:id/participants", {
      params: ById,
      payload: NewParticipant,
      success: RoomView.pipe(HttpApiSchema.status(201)),
      error: anyProblem,
    }),
    HttpApiEndpoint.delete("removeParticipant", "/rooms/:id/participants/:participantId", {
      params: { id: Schema.String, participantId: Schema.String },
      success: HttpApiSchema.NoContent,
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listMessages", "/rooms/:id/messages", {
      params: ById,
      query: { after_seq: Seq, before_seq: Seq, limit: Limit, cursor: Cursor },
      success: pageOf(Message),
      error: anyProblem,
    }),
    HttpApiEndpoint.post("postMessage", "/rooms/:id/messages", {
      params: ById,
      payload: NewRoomMessage,
      success: Message.pipe(HttpApiSchema.status(201)),
      error: anyProblem,
    }),
    HttpApiEndpoint.get("listRoomEvents", "/rooms/:id/events", {
      params: ById,
      query: { after: Seq, limit: Limit, cursor: Cursor, type: Schema.optionalKey(Schema.String) },
      success: pageOf(EventView),
      error: anyProblem,
    }),
  )
  .prefix("/api");
