/** Keeps one room's page in step with the room: history over HTTP, what follows over the socket; made by the room page, read through `useRoom`. */
import { type Channel, Presence, type Socket } from "phoenix";
import type { Message, ServerFrames } from "#actors/room/frames.ts";
import type { RoomView } from "#src/http/api.ts";
import { call, client } from "../service/client.ts";
import { personId } from "../service/identity.ts";
import { type Problem, problemIn } from "../service/problem.ts";
import { consentsQuery, queryClient } from "../service/queries.ts";
import { roomSocket } from "../service/socket.ts";
import * as change from "./room-state.ts";
import { recordedStoppers } from "./stoppers.ts";
import * as stopping from "./stopping.ts";

export type Link = "connecting" | "online" | "lost" | "refused";

export interface RoomSnapshot {
  readonly phase: "loading" | "ready" | "outside" | "failed";
  readonly link: Link;
  readonly problem?: Problem;
  /** Why the room will not have this connection back. */
  readonly refusal?: string;
  readonly room?: RoomView;
  readonly loadingOlder: boolean;
  readonly state: change.RoomState;
}

const PAGE = 50;
/** Streamed text is shown at most twenty times a second: more only costs, nobody reads faster. */
const FRAME_MS = 50;
const permanent = new Set(["unauthorized", "unauthenticated", "forbidden", "not-found"]);
/** Refusals of a stop that mean there is nothing to stop: the turn is over, or the agent gone. */
const nothingRuns = new Set(["conflict", "not-found"]);

/** What the page says aloud of a room, once each. */
export interface Aloud {
  readonly finished: (message: Message) => void;
  readonly news: (text: string) => void;
}

interface Refusal {
  readonly reason?: string;
  readonly detail?: string;
  readonly retry?: boolean;
}

export class RoomConnection {
  readonly #roomId: string;
  readonly #aloud: Aloud;
  readonly #listeners = new Set<() => void>();
  #snapshot: RoomSnapshot = { phase: "loading", link: "connecting", loadingOlder: false, state: change.initial };
  #pending: RoomSnapshot | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #socket: Socket | undefined;
  #channel: Channel | undefined;
  #failures = 0;
  #justJoined = false;
  #closed = false;

  constructor(roomId: string, aloud: Aloud) {
    this.#roomId = roomId;
    this.#aloud = aloud;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): RoomSnapshot => this.#snapshot;

  /** The newest knowledge, also when it is not shown yet. */
  get #now(): RoomSnapshot {
    return this.#pending ?? this.#snapshot;
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === undefined) return;
    this.#snapshot = this.#pending;
    this.#pending = undefined;
    for (const listener of this.#listeners) listener();
  }

  #set(part: Partial<RoomSnapshot>): void {
    this.#pending = { ...this.#now, ...part };
    this.#timer ??= setTimeout(() => this.#show(), FRAME_MS);
  }

  #change(next: (state: change.RoomState) => change.RoomState): void {
    this.#set({ state: next(this.#now.state) });
  }

  async open(): Promise<void> {
    try {
      const room = await call(client.rooms.getRoom({ params: { id: this.#roomId } }));
      if (this.#closed) return;
      if (!room.joined) return this.#set({ phase: "outside", room });
      const page = await this.#history(room.seq + 1);
      if (this.#closed) return;
      this.#change((state) => {
        const withHistory = change.withMessages({ ...change.initial, outgoing: state.outgoing }, page.data);
        return { ...withHistory, hasOlder: page.page.has_more, participants: room.participants, seq: room.seq };
      });
      this.#set({ phase: "ready", room });
      this.#show();
      this.#connect();
      void this.#recallTools(room);
      void this.#recallStoppers(page.data);
    } catch (error) {
      if (!this.#closed) this.#set({ phase: "failed", problem: problemIn(error) });
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#disconnect();
  }

  /** Begins again from the beginning: after a failure, after joining, or when the room cannot fill the gap. */
  readonly reopen = (): void => {
    this.#disconnect();
    this.#set({ phase: "loading", link: "connecting" });
    void this.open();
  };

  #history(before: number) {
    return call(
      client.rooms.listMessages({ params: { id: this.#roomId }, query: { before_seq: before, limit: PAGE } }),
    );
  }

  readonly loadOlder = async (): Promise<void> => {
    const { state, loadingOlder } = this.#now;
    const oldest = state.messages[0];
    if (!state.hasOlder || loadingOlder || oldest === undefined) return;
    this.#set({ loadingOlder: true });
    try {
      const page = await this.#history(oldest.seq);
      this.#change((now) => ({ ...change.withMessages(now, page.data), hasOlder: page.page.has_more }));
      void this.#recallStoppers(page.data);
    } catch {
      // Scrolling on asks again; the messages that are here stay.
    }
    this.#set({ loadingOlder: false });
    this.#show();
  };

  /** Tool cards are frames, which a reload loses; the agents' record has them still, for those who may read it. */
  async #recallTools(room: RoomView): Promise<void> {
    const agents = room.participants.flatMap((one) => (one.agent_id === undefined ? [] : [one.agent_id]));
    const pages = await Promise.allSettled(
      agents.map((agent_id) => call(client.tools.listToolExecutions({ query: { agent_id, limit: 100 } }))),
    );
    const recorded = pages.flatMap((page) => (page.status === "fulfilled" ? page.value.data : []));
    const calls = recorded.toReversed().flatMap(({ turn_id, input, output, error, ms, status, ...rest }) => {
      if (turn_id === undefined || status === "awaiting_approval" || status === "cancelled") return [];
      const known = Object.fromEntries(
        Object.entries({ input, output, error, ms }).filter(([, value]) => value !== null),
      );
      return [{ ...rest, ...known, status, turn_id }];
    });
    if (!this.#closed) this.#change((state) => change.withRecordedTools(state, calls));
  }

  /** A stopped message does not say who stopped it; the agent's record does, to its owner. */
  async #recallStoppers(messages: ReadonlyArray<Message>): Promise<void> {
    const { stoppers } = this.#now.state;
    const unknown = messages.filter(({ stopped, turn_id }) => stopped && turn_id && !stoppers.has(turn_id));
    const agents = [...new Set(unknown.map((message) => message.author_id))];
    const found = await Promise.allSettled(agents.map(recordedStoppers));
    const recorded = found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (!this.#closed && recorded.length > 0) this.#change((state) => stopping.stoppersKnown(state, recorded));
  }

  #connect(): void {
    const socket = roomSocket(this.#roomId);
    this.#socket = socket;
    socket.onOpen(() => {
      this.#failures = 0;
    });
    socket.onClose(() => {
      // A refused upgrade looks like any other failure: a request of our own renews a token that has run out.
      if (this.#socket === socket && this.#failures++ % 4 === 1) void call(client.me.getMe()).catch(() => undefined);
    });
    const channel = socket.channel(`room:${this.#roomId}`, () => ({ after_seq: this.#now.state.seq }));
    this.#channel = channel;
    this.#listen(channel);
    channel.onError(() => {
      if (this.#channel === channel) this.#set({ link: "lost" });
    });
    channel
      .join()
      .receive("ok", (answer: { resync?: boolean }) => {
        if (answer.resync) return this.reopen();
        this.#justJoined = true;
        // What was asked meanwhile was told to nobody.
        if (this.#now.link === "lost") void queryClient.invalidateQueries({ queryKey: consentsQuery.queryKey });
        this.#change(change.joinedAnew);
        this.#set({ link: "online" });
      })
      .receive("error", (answer: Refusal) => this.#refuse(answer));
    socket.connect();
  }

  #refuse(answer: Refusal): void {
    const final = answer.retry === false || permanent.has(answer.reason ?? "");
    if (final) this.#disconnect();
    this.#set(final ? { link: "refused", refusal: answer.detail ?? answer.reason ?? "refused" } : { link: "lost" });
  }

  #disconnect(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#channel?.leave();
    this.#channel = undefined;
    socket?.disconnect();
  }

  #listen(channel: Channel): void {
    const presence = new Presence(channel);
    presence.onSync(() => {
      const seen = presence.list((key: string, one: { metas: ReadonlyArray<{ status: string }> }) => [
        key,
        one.metas.at(-1)?.status ?? "",
      ]) as ReadonlyArray<[string, string]>;
      const first = this.#justJoined;
      this.#justJoined = false;
      this.#change((state) => change.presenceSeen(state, new Map(seen), first));
    });
    channel.on("message_created", (message: Message) => {
      const mine = message.author_id === personId;
      if (!mine && !this.#has(message.id)) this.#aloud.finished(message);
      this.#change((state) => change.messageCreated(state, message, mine));
    });
    channel.on("agent_message", (payload: ServerFrames["agent_message"]) => {
      const news = payload.phase === "end" && !this.#has(payload.message_id);
      this.#change((state) => change.agentMessage(state, this.#roomId, payload));
      const finished = news ? this.#now.state.messages.find((message) => message.id === payload.message_id) : undefined;
      if (finished) this.#aloud.finished(finished);
      if (finished?.stopped) void this.#recallStoppers([finished]);
    });
    channel.on("agent_thinking", (payload: ServerFrames["agent_thinking"]) => {
      const before = this.#now.state.silenced.length;
      this.#change((state) => change.agentThinking(state, payload));
      const { state } = this.#now;
      if (state.silenced.length > before)
        this.#aloud.news(`${change.nameOfAgent(state, payload.agent_id)} was stopped before saying anything.`);
    });
    channel.on("consent_requested", ({ agent_id }: ServerFrames["consent_requested"]) => {
      const name = change.nameOfAgent(this.#now.state, agent_id);
      this.#aloud.news(`${name} asks whether it may remember you. The question stands above the field you write in.`);
      // The question itself is kept with the person's answers: this only says that there is a new one.
      void queryClient.invalidateQueries({ queryKey: consentsQuery.queryKey });
    });
    channel.on("tool_execution", (payload: ServerFrames["tool_execution"]) =>
      this.#change((state) => change.toolExecution(state, payload)),
    );
    channel.on("participant_joined", (payload: ServerFrames["participant_joined"]) =>
      this.#change((state) => change.participantJoined(state, payload)),
    );
    channel.on("participant_left", (payload: ServerFrames["participant_left"]) => {
      this.#change((state) => change.participantLeft(state, payload));
      if (payload.user_id === personId) this.reopen();
    });
    channel.on("policy_changed", ({ mode, seq }: ServerFrames["policy_changed"]) => {
      const { room } = this.#now;
      if (room) this.#set({ room: { ...room, mode } });
      this.#change((state) => ({ ...state, seq: Math.max(state.seq, seq) }));
    });
    channel.on("resync", () => this.reopen());
  }

  #has(messageId: string): boolean {
    return this.#now.state.messages.some((message) => message.id === messageId);
  }

  /** Shows the message at once and sends it; the same `clientId` again is the same message. */
  readonly send = (text: string, clientId: string = crypto.randomUUID()): void => {
    const at = new Date().toISOString();
    this.#change((state) => change.outgoingAdded(state, { clientId, text, status: "pending", at }));
    this.#show();
    const settle = (part: Partial<change.Outgoing>) =>
      this.#change((state) => change.outgoingChanged(state, clientId, part));
    const fail = (reason: string) => settle({ status: "failed", reason });
    if (this.#channel === undefined) fail("There is no connection to the room.");
    this.#channel
      ?.push("new_message", { text, client_msg_id: clientId })
      .receive("ok", (answer: { message_id: string }) => settle({ status: "sent", messageId: answer.message_id }))
      .receive("error", (answer: Refusal) => fail(answer.detail ?? answer.reason ?? "It was refused."))
      .receive("timeout", () => fail("The room did not answer."));
  };

  /** Asks the room to end what an agent is doing here. */
  readonly stop = (turn: change.LiveTurn): void => {
    const name = change.nameOfAgent(this.#now.state, turn.agentId);
    this.#change((state) => stopping.stopAsked(state, turn));
    this.#show();
    const fail = (reason: string) => {
      if (stopping.isRunning(this.#now.state, turn)) this.#aloud.news(`${name} could not be stopped. ${reason}`);
      this.#change((state) => stopping.stopFailed(state, turn, reason));
    };
    const refused = ({ reason, detail }: Refusal) => {
      if (!nothingRuns.has(reason ?? "")) return fail(detail ?? "The room refused it.");
      this.#aloud.news(detail ?? "Nothing is running here.");
      this.#change((state) => stopping.nothingRan(state, turn));
    };
    if (this.#channel === undefined) fail("There is no connection to the room.");
    const { agentId: agent_id, turnId: turn_id } = turn;
    this.#channel
      ?.push("agent_command", { agent_id, command: "stop", ...(turn_id === "" ? {} : { turn_id }) })
      .receive("ok", () => this.#change((state) => stopping.stopTaken(state, turn, `user:${personId}`)))
      .receive("error", refused)
      .receive("timeout", () => fail("The room did not answer."));
  };

  readonly discard = (clientId: string): void => {
    this.#change((state) => ({
      ...state,
      outgoing: state.outgoing.filter((outgoing) => outgoing.clientId !== clientId),
    }));
    this.#show();
  };
}
