/** The Phoenix channel of a room: every inbound frame gets an answer frame, also when it is refused; used by RoomActor. */
import { Option, Schema } from "effect";
import type { Connection } from "partyserver";
import { turnOf } from "#events/agent/decide.ts";
import { textFault, utf8Bytes } from "#events/kit/canonical.ts";
import { AgentId, TurnId, type UserId } from "#events/kit/ids.ts";
import { problemNameOf } from "#events/problem-names.ts";
import { messageCommand } from "#events/room/decide.ts";
import { newId } from "../kit/clock.ts";
import type { ActorEnv, PostInput, Principal } from "../kit/doors.ts";
import type { RefusalData, Reply } from "../kit/reply.ts";
import type { AgentHere, Audience, Seat } from "./audience.ts";
import {
  AgentCommand,
  ConsentDecision,
  frame,
  InvokeAgent,
  Join,
  MAX_FRAME_BYTES,
  type Message,
  NewMessage,
  PRINCIPAL_HEADER,
  parseFrame,
} from "./frames.ts";

/** Called in one breath with the state of the log: what the client missed, or that it had better start anew. */
export type Admit = (missed: {
  readonly frames: ReadonlyArray<{ readonly event: string; readonly payload: unknown }>;
  readonly resync: boolean;
  readonly seq: number;
}) => void;

/** What a channel asks of its room. */
export interface ChannelRoom {
  readonly topic: string;
  readonly join: (by: Principal, after: number | undefined, admit: Admit) => Promise<Reply>;
  readonly post: (by: Principal, commandId: string, input: PostInput) => Promise<Reply<Message>>;
  readonly invoke: (
    by: Principal,
    commandId: string,
    agentId: AgentId,
    replyTo: string | undefined,
  ) => Promise<Reply<{ messageId: string }>>;
  readonly stop: (by: Principal, agentId: AgentId, turnId: TurnId | undefined) => Promise<Reply>;
  readonly people: ActorEnv["USER"];
  readonly agents: () => Readonly<Record<string, AgentHere>>;
}

const SeatInput = Schema.fromJsonString(
  Schema.Struct({
    userId: Schema.String,
    name: Schema.String,
    roles: Schema.Array(Schema.Literals(["participant", "auditor", "admin"])),
  }),
);
const decodeSeat = Schema.decodeUnknownSync(SeatInput);
const decoders = {
  join: Schema.decodeUnknownOption(Join),
  message: Schema.decodeUnknownOption(NewMessage),
  invoke: Schema.decodeUnknownOption(InvokeAgent),
  command: Schema.decodeUnknownOption(AgentCommand),
  consent: Schema.decodeUnknownOption(ConsentDecision),
};

interface Answer {
  readonly status: "ok" | "error";
  readonly response: unknown;
}

const ok = (response: unknown): Answer => ({ status: "ok", response });
const error = (reason: string, detail?: string): Answer => ({
  status: "error",
  response: detail === undefined ? { reason } : { reason, detail },
});
const refusal = (refused: RefusalData): Answer => error(problemNameOf(refused), refused.message);

export class RoomChannel {
  readonly #audience: Audience;
  readonly #room: ChannelRoom;

  constructor(audience: Audience, room: ChannelRoom) {
    this.#audience = audience;
    this.#room = room;
  }

  /** A socket the Worker let in. It has no seat until it joins. */
  opened(connection: Connection<Seat>, request: Request): void {
    const { userId, name, roles } = decodeSeat(decodeURIComponent(request.headers.get(PRINCIPAL_HEADER) ?? ""));
    connection.setState({ userId, name, roles, joinRef: null, presenceRef: newId("event") });
  }

  /** One inbound frame; whatever it is, nobody else is disturbed. */
  async received(connection: Connection<Seat>, message: string | ArrayBuffer): Promise<void> {
    if (typeof message !== "string")
      return this.#reply(
        connection,
        null,
        null,
        this.#room.topic,
        error("validation", "Binary frames are not spoken here."),
      );
    if (message.length > MAX_FRAME_BYTES || utf8Bytes(message) > MAX_FRAME_BYTES)
      return connection.close(1009, "frame too large");
    const parsed = parseFrame(message);
    if (Option.isNone(parsed))
      return this.#reply(connection, null, null, this.#room.topic, error("validation", "This is no frame."));
    const [joinRef, ref, topic, event, payload] = parsed.value;
    try {
      await this.#answer(connection, { joinRef, ref, topic, event, payload });
    } catch {
      // The wall of the room has logged it; the client only learns that it was not its fault.
      this.#reply(connection, joinRef, ref, topic, error("internal"));
    }
  }

  async #answer(
    connection: Connection<Seat>,
    frame: { joinRef: string | null; ref: string | null; topic: string; event: string; payload: unknown },
  ): Promise<void> {
    const { joinRef, ref, topic, event, payload } = frame;
    const reply = (answer: Answer) => this.#reply(connection, joinRef, ref, topic, answer);
    if (topic === "phoenix") return reply(event === "heartbeat" ? ok({}) : error("unmatched topic"));
    if (topic !== this.#room.topic) return reply(error("unmatched topic"));
    if (event === "phx_join") return this.#join(connection, joinRef, ref, payload);
    if (!this.#audience.isJoined(connection)) return reply(error("unmatched topic"));
    if (joinRef !== null && joinRef !== connection.state?.joinRef) return; // of a join that was replaced
    if (event === "phx_leave") return this.#leave(connection, joinRef, ref);
    reply(await this.#push(principalOf(connection), event, payload));
  }

  async #push(by: Principal, event: string, payload: unknown): Promise<Answer> {
    if (event === "new_message") {
      const input = decoders.message(payload);
      return Option.isNone(input) ? invalid("text and client_msg_id are needed.") : this.#post(by, input.value);
    }
    if (event === "invoke_agent") {
      const input = decoders.invoke(payload);
      return Option.isNone(input) ? invalid("agent_id and client_msg_id are needed.") : this.#invoke(by, input.value);
    }
    if (event === "agent_command") {
      const input = decoders.command(payload);
      return Option.isNone(input) ? invalid("agent_id and command are needed.") : this.#command(by, input.value);
    }
    if (event === "consent_decision") {
      const input = decoders.consent(payload);
      return Option.isNone(input) ? invalid("agent_id and granted are needed.") : this.#consent(by, input.value);
    }
    return error("validation", `There is no event ${event.slice(0, 50)}.`);
  }

  async #post(by: Principal, { text, client_msg_id, reply_to }: typeof NewMessage.Type): Promise<Answer> {
    const fault = textFault(text) ?? (text.trim() === "" ? "is empty" : undefined) ?? textFault(client_msg_id);
    if (fault !== undefined) return invalid(`The text ${fault}.`);
    const input = reply_to === undefined ? { text } : { text, replyTo: reply_to };
    const reply = await this.#room.post(by, messageCommand(by.userId, client_msg_id), input);
    return reply.outcome === "refused"
      ? refusal(reply.refusal)
      : ok({ message_id: reply.value.id, seq: reply.value.seq });
  }

  async #invoke(by: Principal, input: typeof InvokeAgent.Type): Promise<Answer> {
    const { agent_id, text, reply_to, client_msg_id } = input;
    if (!Schema.is(AgentId)(agent_id)) return error("not-found", "There is no such agent here.");
    const fault = textFault(text ?? "") ?? textFault(client_msg_id);
    if (fault !== undefined) return invalid(`The text ${fault}.`);
    const commandId = messageCommand(by.userId, client_msg_id);
    if (text === undefined || text.trim() === "") {
      const reply = await this.#room.invoke(by, commandId, agent_id, reply_to);
      return reply.outcome === "refused"
        ? refusal(reply.refusal)
        : ok({ turn_id: turnOf(agent_id, reply.value.messageId) });
    }
    const post = { text, invoke: agent_id, ...(reply_to === undefined ? {} : { replyTo: reply_to }) };
    const reply = await this.#room.post(by, commandId, post);
    return reply.outcome === "refused"
      ? refusal(reply.refusal)
      : ok({ turn_id: turnOf(agent_id, reply.value.id), message_id: reply.value.id, seq: reply.value.seq });
  }

  async #command(by: Principal, { agent_id, command, turn_id }: typeof AgentCommand.Type): Promise<Answer> {
    if (command !== "stop") return invalid(`The command ${command.slice(0, 50)} is not understood here; stop is.`);
    if (!Schema.is(AgentId)(agent_id)) return error("not-found", "There is no such agent here.");
    if (turn_id !== undefined && !Schema.is(TurnId)(turn_id)) return invalid("turn_id is no turn's id.");
    const reply = await this.#room.stop(by, agent_id, turn_id);
    return reply.outcome === "refused" ? refusal(reply.refusal) : ok({});
  }

  async #consent(by: Principal, { agent_id, granted }: typeof ConsentDecision.Type): Promise<Answer> {
    if (!Schema.is(AgentId)(agent_id)) return error("not-found", "There is no such agent.");
    // Each time is a decision of its own: who changes their mind back has not said the first thing twice.
    const reply = await this.#room.people.getByName(by.userId).decideConsent(by, newId("command"), agent_id, granted);
    return reply.outcome === "refused" ? refusal(reply.refusal) : ok({ decision: reply.value.decision });
  }

  async #join(
    connection: Connection<Seat>,
    joinRef: string | null,
    ref: string | null,
    payload: unknown,
  ): Promise<void> {
    const { topic } = this.#room;
    const input = decoders.join(payload ?? {});
    if (Option.isNone(input))
      return this.#reply(connection, joinRef, ref, topic, invalid("after_seq is a whole number."));
    const before = connection.state;
    if (before === null) return connection.close(1011, "no seat");
    const admit: Admit = ({ frames, resync, seq }) => {
      const former = connection.state?.joinRef ?? null;
      if (former !== null) send(connection, frame(former, former, topic, "phx_close", {}));
      this.#audience.leave(connection);
      // Whoever has left while keys were fetched must not be seated: nothing would ever take that seat away.
      if (!send(connection, frame(joinRef, ref, topic, "phx_reply", ok(resync ? { seq, resync } : { seq })))) return;
      const seat = { ...before, joinRef: joinRef ?? ref ?? "", presenceRef: newId<string>("event") };
      connection.setState(seat);
      this.#audience.join(connection, seat, this.#room.agents());
      for (const { event, payload: told } of frames) send(connection, frame(seat.joinRef, null, topic, event, told));
      this.#audience.catchUp(connection, seat);
    };
    const reply = await this.#room.join(principalOf(connection), input.value.after_seq, admit);
    if (reply.outcome === "accepted") return;
    const response = { reason: problemNameOf(reply.refusal), retry: false };
    this.#reply(connection, joinRef, ref, topic, { status: "error", response });
  }

  #leave(connection: Connection<Seat>, joinRef: string | null, ref: string | null): void {
    const { topic } = this.#room;
    this.#audience.leave(connection);
    if (connection.state) connection.setState({ ...connection.state, joinRef: null });
    this.#reply(connection, joinRef, ref, topic, ok({}));
    send(connection, frame(joinRef, joinRef, topic, "phx_close", {}));
  }

  #reply(
    connection: Connection<Seat>,
    joinRef: string | null,
    ref: string | null,
    topic: string,
    answer: Answer,
  ): void {
    send(connection, frame(joinRef, ref, topic, "phx_reply", answer));
  }
}

/** False when the client has gone meanwhile: then nobody is left to be told. */
function send(connection: Connection<Seat>, text: string): boolean {
  try {
    connection.send(text);
    return true;
  } catch {
    return false;
  }
}

const invalid = (detail: string): Answer => error("validation", detail);

function principalOf(connection: Connection<Seat>): Principal {
  const { userId, name, roles } = connection.state!;
  return { userId: userId as UserId, name, roles: roles as Principal["roles"] };
}
