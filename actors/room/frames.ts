/** Phoenix Channels V2 frames and what they carry; pure, spoken by the room's sockets, by the page and by tests. */
import { Schema } from "effect";
import type { RoomMode } from "#events/room/rhythm.ts";

/** `[join_ref, ref, topic, event, payload]`, as text. */
export const Frame = Schema.Tuple([
  Schema.NullOr(Schema.String),
  Schema.NullOr(Schema.String),
  Schema.String,
  Schema.String,
  Schema.Unknown,
]);
export type Frame = typeof Frame.Type;

const decodeFrame = Schema.decodeUnknownOption(Schema.fromJsonString(Frame));

/** A frame from the text of a socket, or none if it is not one. */
export const parseFrame = decodeFrame;

/** A frame as it goes over the wire. */
export const frame = (
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
): string => JSON.stringify([joinRef, ref, topic, event, payload]);

/**
 * The heartbeat of our own client: always the same text, so that the platform can answer it without waking a
 * hibernated room (a rising ref, as the stock client sends, would wake it).
 */
export const constantHeartbeat = {
  request: frame(null, "hb", "phoenix", "heartbeat", {}),
  response: frame(null, "hb", "phoenix", "phx_reply", { status: "ok", response: {} }),
} as const;

/** The largest frame a client may send, in bytes. */
export const MAX_FRAME_BYTES = 64 * 1024;
/** The longest message, in bytes of UTF-8. */
export const MAX_MESSAGE_BYTES = 16 * 1024;

/** The header in which the Worker hands over whom it let in; it strips it from what comes from outside. */
export const PRINCIPAL_HEADER = "x-troupe-principal";

/** A message as people see it, over HTTP and in frames. */
export const Message = Schema.Struct({
  id: Schema.String,
  room_id: Schema.String,
  seq: Schema.Int,
  author_id: Schema.String,
  author_kind: Schema.Literals(["user", "agent"]),
  author_name: Schema.String,
  /** Null once the words were erased. */
  text: Schema.NullOr(Schema.String),
  reply_to: Schema.optionalKey(Schema.String),
  in_reply_to: Schema.optionalKey(Schema.String),
  /** Messages that a reply answers as well: they were taken together, and `in_reply_to` is the newest of them. */
  also_in_reply_to: Schema.optionalKey(Schema.Array(Schema.String)),
  turn_id: Schema.optionalKey(Schema.String),
  model: Schema.optionalKey(Schema.String),
  /** True when the house itself speaks for an agent that could not answer. */
  notice: Schema.optionalKey(Schema.Boolean),
  /** True when somebody stopped the agent in the middle of it. */
  stopped: Schema.optionalKey(Schema.Boolean),
  /** Tool calls of its turn that may have happened and may not: nobody knows. */
  unknown_calls: Schema.optionalKey(Schema.Array(Schema.Struct({ id: Schema.String, tool: Schema.String }))),
  ai_generated: Schema.Boolean,
  created_at: Schema.String,
});
export type Message = typeof Message.Type;

export const Usage = Schema.Struct({ tokens_in: Schema.Int, tokens_out: Schema.Int });

/** Client to server. */
export const NewMessage = Schema.Struct({
  text: Schema.String,
  client_msg_id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)),
  reply_to: Schema.optionalKey(Schema.String),
});
export const InvokeAgent = Schema.Struct({
  agent_id: Schema.String,
  text: Schema.optionalKey(Schema.String),
  reply_to: Schema.optionalKey(Schema.String),
  client_msg_id: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(128)),
});
/** The person lets an agent remember them, or takes it back. */
export const ConsentDecision = Schema.Struct({ agent_id: Schema.String, granted: Schema.Boolean });
/** `stop` ends what the agent is doing in this room: this turn, or whatever runs. */
export const AgentCommand = Schema.Struct({
  agent_id: Schema.String,
  command: Schema.String,
  turn_id: Schema.optionalKey(Schema.String),
});
export const Join = Schema.Struct({ after_seq: Schema.optionalKey(Schema.Int) });

/** Server to client. Everything durable carries the room's rising `seq`; what has none may be lost. */
export interface ServerFrames {
  readonly message_created: Message;
  readonly participant_joined: Participant & { readonly seq: number };
  readonly participant_left: { readonly user_id?: string; readonly agent_id?: string; readonly seq: number };
  readonly policy_changed: { readonly mode: RoomMode; readonly seq: number };
  readonly agent_thinking: {
    readonly turn_id: string;
    readonly agent_id: string;
    readonly state: "queued" | "context" | "thinking" | "tools" | "replying" | "done" | "stopped" | "failed";
    readonly label: string;
  };
  readonly agent_message: {
    readonly message_id: string;
    readonly turn_id: string;
    readonly agent_id: string;
    readonly phase: "start" | "delta" | "end" | "error";
    readonly ai_generated: true;
    readonly in_reply_to: string;
    readonly also_in_reply_to?: ReadonlyArray<string>;
    readonly delta?: string;
    /** With `phase: "end"`: the stored message; it replaces every delta. */
    readonly text?: string | null;
    readonly agent_name?: string;
    readonly usage?: typeof Usage.Type;
    readonly model?: string;
    readonly notice?: boolean;
    readonly stopped?: boolean;
    readonly unknown_calls?: Message["unknown_calls"];
    readonly created_at?: string;
    readonly seq?: number;
  };
  /** To one person alone: an agent that has met them would like to remember them. */
  readonly consent_requested: { readonly agent_id: string; readonly what: string; readonly days: number };
  readonly tool_execution: {
    readonly id: string;
    readonly turn_id: string;
    readonly agent_id: string;
    readonly tool: string;
    readonly status: "pending" | "running" | "success" | "error" | "denied" | "unknown";
    readonly input?: string;
    readonly output?: string;
    readonly error?: string;
    readonly ms?: number;
  };
}

/** A person or an agent in a room. */
export interface Participant {
  readonly kind: "user" | "agent";
  readonly user_id?: string;
  readonly agent_id?: string;
  readonly name: string;
}

/** Who is here, in Phoenix's shape: keys `user:<id>` and `agent:<id>`. */
export type PresenceState = Readonly<
  Record<
    string,
    {
      readonly metas: ReadonlyArray<{
        readonly phx_ref: string;
        readonly kind: "user" | "agent";
        readonly status: string;
        readonly name: string;
      }>;
    }
  >
>;
