/** The Rooms port over the room objects: replies wait for an answer, signs go out in small bundles; built by AgentActor. */
import { Effect } from "effect";
import type { AgentId, RoomId, TurnId } from "#events/kit/ids.ts";
import type { ActorEnv, RoomDoor, Sighting } from "../kit/doors.ts";
import { DeliveryFailure } from "./turn/failures.ts";
import type { OutgoingMessage, Rooms, Sign } from "./turn/ports.ts";

/**
 * Signs wait this long for company: one call instead of several, at most sixteen bundles a second, and well under the
 * 300 ms in which people want to see life.
 */
const BUNDLE_MS = 60;

type Delta = Readonly<Record<string, unknown>> & { readonly delta: string };

/** Two pieces of one reply as one, so that fast models do not flood anybody with frames; undefined when they are not that. */
function joined(one: Sighting, other: Sighting): Sighting | undefined {
  const [first, second] = [one.payload as Delta, other.payload as Delta];
  const deltas = first["phase"] === "delta" && second["phase"] === "delta";
  if (!deltas || first["message_id"] !== second["message_id"]) return undefined;
  return { event: one.event, payload: { ...first, delta: first.delta + second.delta } };
}

interface Channel {
  readonly door: RoomDoor;
  watched: boolean;
  waiting: Sighting[];
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class RoomChannels {
  readonly #env: ActorEnv;
  readonly #agent: () => { readonly agentId: AgentId; readonly name: string };
  readonly #channels = new Map<RoomId, Channel>();
  /** What was shown of the replies that are being given. */
  readonly #shown = new Map<TurnId, string>();

  constructor(env: ActorEnv, agent: () => { readonly agentId: AgentId; readonly name: string }) {
    this.#env = env;
    this.#agent = agent;
  }

  /** The room said whether anybody looks; nobody is shown signs in an empty theatre. */
  watched(roomId: RoomId, watched: boolean): void {
    this.#channel(roomId).watched = watched;
  }

  /** The port. */
  service(): Rooms["Service"] {
    return {
      show: (roomId, sign) => this.#show(roomId, sign),
      shown: (turnId) => this.#shown.get(turnId) ?? "",
      post: (message) =>
        Effect.tryPromise({
          try: () => this.#post(message),
          catch: () => new DeliveryFailure({ detail: "the room did not answer" }),
        }).pipe(
          Effect.flatMap((reply) =>
            reply.outcome === "accepted"
              ? Effect.succeed(reply.value)
              : Effect.fail(new DeliveryFailure({ detail: reply.refusal._tag })),
          ),
        ),
    };
  }

  /** A turn has ended without a message of its own. */
  turnClosed(roomId: RoomId, turnId: TurnId, state: "done" | "stopped" | "failed"): void {
    this.#shown.delete(turnId);
    this.#queue(roomId, this.#thinking(turnId, state, ""));
  }

  #channel(roomId: RoomId): Channel {
    const known = this.#channels.get(roomId);
    if (known !== undefined) return known;
    const channel: Channel = {
      door: this.#env.ROOM.getByName(roomId),
      watched: true,
      waiting: [],
      timer: undefined,
    };
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
    const channel = this.#channel(roomId);
    if (!channel.watched) return;
    const last = channel.waiting.at(-1);
    const whole = last && joined(last, sighting);
    if (whole === undefined) channel.waiting.push(sighting);
    else channel.waiting[channel.waiting.length - 1] = whole;
    channel.timer ??= setTimeout(() => this.#flush(channel), BUNDLE_MS);
  }

  #take(channel: Channel): ReadonlyArray<Sighting> {
    clearTimeout(channel.timer);
    channel.timer = undefined;
    return channel.waiting.splice(0);
  }

  #flush(channel: Channel): void {
    // Lost signs are no loss: nothing depends on them, and the room shows the stored message in the end.
    channel.door.show(this.#take(channel)).catch(() => {});
  }

  #post(message: OutgoingMessage) {
    this.#shown.delete(message.turnId);
    const channel = this.#channel(message.roomId);
    const { agentId, name } = this.#agent();
    return channel.door.postReply(
      `${message.turnId}/reply`,
      {
        agentId,
        agentName: name,
        messageId: message.messageId,
        turnId: message.turnId,
        inReplyTo: message.inReplyTo,
        text: message.text,
        hops: message.hops,
        notice: message.notice,
        stopped: message.stopped,
        model: message.model ?? null,
        tokensIn: message.usage.tokensIn,
        tokensOut: message.usage.tokensOut,
        causation: message.causation,
        correlation: message.correlation,
      },
      this.#take(channel),
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
