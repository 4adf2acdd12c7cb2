/** `agent_conversations`: one row per agent and room it ever joined; listed by `queries.ts`. */
import type { RoomId } from "#events/kit/ids.ts";
import { moment, sealedText } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "agent_conversations_v1",
  scope: "agent_id",
  key: ["room_id"],
  columns: {
    id: "text",
    room_id: "text",
    conversation_summary: "text?",
    last_message_at: "text?",
    message_count: "integer",
    relationship_data: "text?",
    created_at: "text",
  },
});

/** A message went either way. */
const said = (event: { readonly at: number; readonly open: { readonly roomId: RoomId } }) => [
  rows.update({ room_id: event.open.roomId }, { last_message_at: moment(event.at) }, { message_count: 1 }),
];

export const conversations = defineProjection({
  name: "conversations",
  version: 1,
  reads: "agent",
  tables: [rows],
  project: {
    // RoomLeft is not read: what was said there stays a conversation, and coming back goes on with it.
    RoomJoined: (event, stream) => [
      rows.insert({
        id: `${stream.id}:${event.open.roomId}`,
        room_id: event.open.roomId,
        message_count: 0,
        created_at: moment(event.at),
      }),
    ],
    MessageReceived: said,
    ReplyPosted: said,
    RoomSummarized: (event) => [
      rows.update({ room_id: event.open.roomId }, { conversation_summary: sealedText(event) }),
    ],
    SummariesForgotten: ({ open }) => [rows.update({ room_id: open.roomId }, { conversation_summary: null })],
    AgentDeleted: () => [rows.clear()],
  },
});
