/** The Rooms port over the room objects: replies wait for an answer, signs for nothing; built by AgentActor. */
import { Effect } from "effect";
import type { AgentEvent } from "#events/agent/events.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf } from "#events/kit/envelope.ts";
import type { AgentId, RoomId, TurnId } from "#events/kit/ids.ts";
import type { ActorEnv, Principal, RoomDoor, Sighting } from "../kit/doors.ts";
import { BUNDLE_MS, SignQueue } from "./signs.ts";
import { DeliveryFailure } from "./turn/failures.ts";
import type { OutgoingMessage, Rooms, Sign, Toolbox } from "./turn/ports.ts";
import { toolNamed, UNKNOWN_TOOL } from "./turn/tool-words.ts";

type CallClosed = Extract<RecordedOf<AgentEvent>, { readonly type: "ToolDenied" | "ToolOutcomeUnknown" }>;

type Declined = Extract<RecordedOf<AgentEvent>, { readonly type: "TurnDeclined" }>;
type Received = Extract<RecordedOf<AgentEvent>, { readonly type: "MessageReceived" }>;

/** What people read while a message waits for the turn that runs. */
const QUEUED = "Answers something else first…";

/** Why a turn that waited will never be, though somebody waits for it. */
const lostBecause: ReadonlySet<Declined["open"]["why"]> = new Set(["inactive", "left-room"]);

/** Whether it was decided in the same breath what becomes of a message; one that has to wait has no verdict yet. */
const hasVerdict = ({ open: { turnId } }: Received, events: ReadonlyArray<RecordedOf<AgentEvent>>): boolean =>
  events.some(({ type, open }) => (type === "TurnStarted" || type === "TurnDeclined") && open.turnId === turnId);

interface Channel {
  readonly door: RoomDoor;
  watched: boolean;
  readonly signs: SignQueue;
}

/** The command that posts what a turn has to say: one, whoever says it [T1]. */
export const replyCommandId = (turnId: TurnId): string => `${turnId}/reply`;

export class RoomChannels {
  readonly #env: ActorEnv;
  readonly #agent: () => { readonly agentId: AgentId; readonly name: string };
  readonly #toolbox: () => Toolbox["Service"];
  readonly #channels = new Map<RoomId, Channel>();
  /** What was shown of replies that are not on record yet. */
  readonly #shown = new Map<TurnId, string>();

  constructor(
    env: ActorEnv,
    agent: () => { readonly agentId: AgentId; readonly name: string },
    toolbox: () => Toolbox["Service"],
  ) {
    this.#env = env;
    this.#agent = agent;
    this.#toolbox = toolbox;
  }

  /** The room said whether anybody looks; nobody is shown signs in an empty theatre. */
  watched(roomId: RoomId, watched: boolean): void {
    this.#channel(roomId).watched = watched;
  }

  /** Has a room say who is there. */
  readonly attendance = (roomId: RoomId) => this.#channel(roomId).door.attendance(this.#agent().agentId);

  /** Of an agent that is there, true for its owner and for who takes part in a room of its own: only the rooms know at once. */
  async introduces({ status, ownerId, rooms }: AgentState, by?: Principal): Promise<boolean> {
    if (status === "unknown" || status === "deleted") return false;
    if (by === undefined || by.userId === ownerId) return true;
    const doors = Object.keys(rooms).map((roomId) => this.#env.ROOM.getByName(roomId));
    const replies = await Promise.all(doors.map((door) => door.describe(by)));
    return replies.some((reply) => reply.outcome === "accepted" && reply.value.joined);
  }

  /**
   * The agent was invited while it was being deleted: the room, which spoke its message `seq` to it, does not know yet that
   * nobody will come. It may be invited again after it was dismissed for this, so that each time is a command of its own.
   */
  async gone(roomId: RoomId, seq: number | undefined): Promise<void> {
    const { agentId } = this.#agent();
    await this.#env.ROOM.getByName(roomId).agentChanged(`${agentId}/gone/${seq}`, agentId, "gone");
  }

  /** The port. */
  service(): Rooms["Service"] {
    return {
      show: (roomId, sign) => this.#show(roomId, sign),
      watched: (roomId) => this.#channel(roomId).watched,
      shown: (turnId) => this.#shown.get(turnId) ?? "",
      post: (message) =>
        this.#paced(message).pipe(
          Effect.andThen(
            Effect.tryPromise({
              try: () => this.#post(message),
              catch: () => new DeliveryFailure({ detail: "the room did not answer" }),
            }),
          ),
          Effect.flatMap((reply) =>
            reply.outcome === "accepted"
              ? Effect.succeed(reply.value)
              : Effect.fail(new DeliveryFailure({ detail: reply.refusal._tag })),
          ),
        ),
    };
  }

  /**
   * Hears what was committed. Whoever was told a turn's id must see that turn end, also when another one answers for it or
   * nobody does, and whoever saw a call run what became of it. `roomOf` knows the rooms of the turns that are open still.
   */
  committed(events: ReadonlyArray<RecordedOf<AgentEvent>>, roomOf: (turnId: TurnId) => RoomId | undefined): void {
    const isPosted = events.some(({ type }) => type === "ReplyPosted");
    for (const event of events) {
      const { type, open } = event;
      // A model's reply is on record: what was shown of it need not be known any more.
      if (type === "ModelReplied") this.#shown.delete(open.turnId);
      if (type === "ToolDenied" || type === "ToolOutcomeUnknown") this.#closeCall(event, events, roomOf);
      if (type === "MessageReceived" && !hasVerdict(event, events))
        this.#show(open.roomId, { event: "agent_thinking", turnId: open.turnId, state: "queued", label: QUEUED });
      if (type === "TurnDeclined") this.#closeDeclined(event, events);
      if (type === "TurnStopped" && !isPosted) this.#closeTurn(open.roomId, open.turnId, "stopped");
      if (type === "TurnFailed" && !isPosted) this.#closeTurn(open.roomId, open.turnId, "failed");
    }
  }

  /** A turn that ends before it began. Whoever was told at once that it is not to be was told nothing of it. */
  #closeDeclined({ open: { roomId, turnId, why } }: Declined, events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    const isCalledOff = why === "called-off";
    if (!isCalledOff && events.some(({ type, open }) => type === "MessageReceived" && open.turnId === turnId)) return;
    this.#closeTurn(roomId, turnId, isCalledOff ? "stopped" : lostBecause.has(why) ? "failed" : "done");
  }

  /** A call that was open when its turn was stopped or failed: no step is left to show what became of it. */
  #closeCall(
    { type, open: { turnId, callId, tool: name } }: CallClosed,
    events: ReadonlyArray<RecordedOf<AgentEvent>>,
    roomOf: (turnId: TurnId) => RoomId | undefined,
  ): void {
    const cause = events.find(
      (event) => (event.type === "TurnInterrupted" || event.type === "TurnFailed") && event.open.turnId === turnId,
    );
    if (cause === undefined) return;
    const roomId = cause.type === "TurnFailed" ? cause.open.roomId : roomOf(turnId);
    const status = type === "ToolDenied" ? "denied" : "unknown";
    if (roomId === undefined) return;
    const tool = this.#nameOf(name);
    this.#end(roomId, this.#sighting({ event: "tool_execution", turnId, callId, tool, status }));
  }

  /**
   * The name of a tool that there is: older programs recorded what the model wrote. Where the tools cannot be had at all
   * it is none, for this follows a commit that stands, and whoever asked for that must not be told that it failed.
   */
  #nameOf(name: string): string {
    try {
      return toolNamed(this.#toolbox(), name);
    } catch {
      return UNKNOWN_TOOL;
    }
  }

  /** A turn has ended without a message of its own. */
  #closeTurn(roomId: RoomId, turnId: TurnId, state: "done" | "stopped" | "failed"): void {
    this.#shown.delete(turnId);
    this.#end(roomId, this.#thinking(turnId, state, ""));
  }

  #channel(roomId: RoomId): Channel {
    const known = this.#channels.get(roomId);
    if (known !== undefined) return known;
    const door = this.#env.ROOM.getByName(roomId);
    // Lost signs are no loss: nothing depends on them, and the room shows the stored message in the end.
    const signs = new SignQueue((sightings) => void door.show(sightings).catch(() => {}));
    const channel: Channel = { door, watched: true, signs };
    this.#channels.set(roomId, channel);
    return channel;
  }

  #thinking(turnId: string, state: string, label: string): Sighting {
    return {
      event: "agent_thinking",
      payload: { turn_id: turnId, agent_id: this.#agent().agentId, state, label },
    };
  }

  #show(roomId: RoomId, sign: Sign): void {
    if (sign.event === "agent_message")
      this.#shown.set(
        sign.turnId,
        sign.phase === "start" ? "" : (this.#shown.get(sign.turnId) ?? "") + (sign.delta ?? ""),
      );
    this.#queue(roomId, this.#sighting(sign));
  }

  #queue(roomId: RoomId, sighting: Sighting): void {
    if (this.#channel(roomId).watched) this.#end(roomId, sighting);
  }

  /** How something ends is told also where nobody looked last: the room may show its beginning to who comes back. */
  #end(roomId: RoomId, sighting: Sighting): void {
    this.#channel(roomId).signs.add(sighting);
  }

  /** A reply comes after everything that led up to it, and in the pace of its turn: what waits is bounded, and so is this. */
  #paced({ roomId, turnId }: Pick<OutgoingMessage, "roomId" | "turnId">): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#channel(roomId).signs.hasRoomForReply(turnId)
        ? Effect.void
        : Effect.andThen(Effect.sleep(BUNDLE_MS), this.#paced({ roomId, turnId })),
    );
  }

  #post(message: OutgoingMessage) {
    this.#shown.delete(message.turnId);
    const channel = this.#channel(message.roomId);
    const { agentId, name } = this.#agent();
    return channel.door.postReply(
      replyCommandId(message.turnId),
      {
        agentId,
        agentName: name,
        messageId: message.messageId,
        turnId: message.turnId,
        inReplyTo: message.inReplyTo,
        alsoInReplyTo: message.alsoInReplyTo,
        text: message.text,
        hops: message.hops,
        notice: message.notice,
        stopped: message.stopped,
        model: message.model ?? null,
        tokensIn: message.usage?.tokensIn ?? null,
        tokensOut: message.usage?.tokensOut ?? null,
        tells: message.tells,
        ...(message.unknown.length > 0 && { unknown: message.unknown }),
        causation: message.causation,
        correlation: message.correlation,
      },
      channel.signs.takeForReply(message.turnId),
    );
  }

  #sighting(sign: Sign): Sighting {
    const agent = { turn_id: sign.turnId, agent_id: this.#agent().agentId };
    switch (sign.event) {
      case "agent_thinking":
        return this.#thinking(sign.turnId, sign.state, sign.label);
      case "agent_message":
        return {
          event: "agent_message",
          payload: {
            ...agent,
            message_id: sign.messageId,
            in_reply_to: sign.inReplyTo,
            phase: sign.phase,
            ai_generated: true,
            ...(sign.delta === undefined ? {} : { delta: sign.delta }),
          },
        };
      case "tool_execution": {
        const { event, callId, tool, status, input, output, error, ms } = sign;
        return { event, payload: { ...agent, id: callId, tool, status, input, output, error, ms } };
      }
    }
  }
}
