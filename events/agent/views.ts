/** What decisions need to know of an agent, and how an agent begins; no words in it, so a snapshot has nothing to forget. Folded by state.ts. */
import { Schema } from "effect";
import { AgentId, RoomId, TurnId, UserId } from "../kit/ids.ts";
import { RoomKind } from "../room/addressing.ts";
import { Health, ModelName } from "./asking.ts";
import { Budget, Day, emptyDay, Reserve } from "./budget.ts";
import { Style, ToolMode, Traits } from "./events.ts";
import { TurnView } from "./turn.ts";

const RoomView = Schema.Struct({
  kind: RoomKind,
  /** Seqs of the newest messages, own and others', oldest first. */
  recent: Schema.Array(Schema.Int),
  /** The turn that has the floor here. */
  running: Schema.NullOr(TurnId),
  /** Turns that wait for it, oldest first. */
  waiting: Schema.Array(TurnId),
  /** When it last spoke here without being asked; null for never. */
  lastFloorAt: Schema.NullOr(Schema.Finite),
  /** Its newest reply here, and the place that the room gave it; null before the first. */
  replied: Schema.NullOr(Schema.Struct({ turnId: TurnId, roomSeq: Schema.Int })),
  /** The newest summary, and up to where it reaches. */
  summary: Schema.NullOr(
    Schema.Struct({ seq: Schema.Int, toSeq: Schema.Int, about: Schema.NullOr(Schema.Array(UserId)) }),
  ),
  /** All summaries that can still be read, oldest first, and how many messages they cover. */
  summaries: Schema.Array(Schema.Int),
  summarized: Schema.Int,
  /** How many messages no summary covers yet. */
  unsummarized: Schema.Int,
});
export type RoomView = typeof RoomView.Type;

export const AgentState = Schema.Struct({
  status: Schema.Literals(["unknown", "active", "inactive", "deleted"]),
  agentId: Schema.NullOr(AgentId),
  ownerId: Schema.NullOr(UserId),
  name: Schema.String,
  provider: Schema.String,
  model: Schema.String,
  memoryEnabled: Schema.Boolean,
  maxTokens: Schema.NullOr(Schema.Int),
  temperature: Schema.NullOr(Schema.Finite),
  fallbacks: Schema.Array(ModelName),
  simpleModel: Schema.NullOr(ModelName),
  /** Null where the owner left it to the personality. */
  talkativeness: Schema.NullOr(Schema.Finite),
  budget: Budget,
  /** Null where the house's own rule holds. */
  retentionDays: Schema.NullOr(Schema.Int),
  traits: Traits,
  style: Style,
  /** Counts configurations; the ETag of the agent. */
  version: Schema.Int,
  /** Where the current words are: system prompt and description, and those of the personality. */
  configSeq: Schema.Int,
  personalitySeq: Schema.Int,
  createdAt: Schema.Finite,
  updatedAt: Schema.Finite,
  tools: Schema.Record(Schema.String, ToolMode),
  rooms: Schema.Record(RoomId, RoomView),
  turns: Schema.Record(TurnId, TurnView),
  /** How each model has been doing for this agent. */
  health: Schema.Record(Schema.String, Health),
  /** Who may be remembered: asked and not yet answered, granted, or refused and taken back. */
  consents: Schema.Record(UserId, Schema.Literals(["asked", "granted", "refused"])),
  /** Up to which event of a memory a model has looked through what was said, by room. */
  drawn: Schema.Record(RoomId, Schema.Int),
  /** Requests that nobody waits for and their reserves, by purpose and room: under way, or left behind by a process that died. */
  behind: Schema.Record(Schema.String, Schema.Struct({ request: Schema.String, ...Reserve.fields })),
  /** The seq of the newest event: what an event of a commit needs to refer to another one of the same. */
  head: Schema.Int,
  /** What was spent on the newest day on which anything was. */
  day: Day,
});
export type AgentState = typeof AgentState.Type;

export const initial: AgentState = {
  status: "unknown",
  agentId: null,
  ownerId: null,
  name: "",
  provider: "",
  model: "",
  memoryEnabled: true,
  maxTokens: null,
  temperature: null,
  fallbacks: [],
  simpleModel: null,
  talkativeness: null,
  budget: {},
  retentionDays: null,
  traits: {},
  style: {},
  version: 0,
  configSeq: 0,
  personalitySeq: 0,
  createdAt: 0,
  updatedAt: 0,
  tools: {},
  rooms: {},
  turns: {},
  health: {},
  consents: {},
  drawn: {},
  behind: {},
  head: 0,
  day: emptyDay(0),
};
