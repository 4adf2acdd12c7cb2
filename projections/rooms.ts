/** `chat_rooms` and `room_members`: the rooms there are, and who takes part; listed by `queries.ts`. */
import { bit, moment } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "chat_rooms_v1",
  scope: "id",
  key: [],
  columns: {
    name: "text",
    kind: "text",
    created_by: "text",
    created_at: "text",
    closed: "integer",
    message_count: "integer",
    last_message_at: "text?",
  },
});

/** People have no name here: theirs is sealed, and stands in `users`. */
const members = defineTable({
  name: "room_members_v1",
  scope: "room_id",
  key: ["member_kind", "member_id"],
  columns: {
    member_kind: "text",
    member_id: "text",
    name: "text?",
    joined_at: "text",
  },
});

const person = (id: string) => ({ member_kind: "user", member_id: id });
const agent = (id: string) => ({ member_kind: "agent", member_id: id });

export const rooms = defineProjection({
  name: "rooms",
  version: 1,
  reads: "room",
  tables: [rows, members],
  project: {
    RoomOpened: (event) => [
      rows.insert({
        name: event.open.name,
        kind: event.open.kind,
        created_by: event.open.ownerId,
        created_at: moment(event.at),
        closed: bit(false),
        message_count: 0,
      }),
    ],
    ParticipantJoined: (event) => [members.insert({ ...person(event.open.userId), joined_at: moment(event.at) })],
    ParticipantLeft: (event) => [members.remove(person(event.open.userId))],
    // An agent that was renamed is invited again; it has been here since the first time.
    AgentInvited: (event) => [
      members.insert({ ...agent(event.open.agentId), name: event.open.name, joined_at: moment(event.at) }),
      members.update(agent(event.open.agentId), { name: event.open.name }),
    ],
    AgentDismissed: (event) => [members.remove(agent(event.open.agentId))],
    MessagePosted: (event) => [rows.update({}, { last_message_at: moment(event.at) }, { message_count: 1 })],
    RoomClosed: () => [rows.update({}, { closed: bit(true) })],
  },
});
