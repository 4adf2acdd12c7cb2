/** RoomActor: the conversation itself. Takes what people and agents say, numbers it, shows it, and tells the agents. */
import { Redacted } from "effect";
import type { Connection, ConnectionContext } from "partyserver";
import { utf8Bytes } from "#events/kit/canonical.ts";
import type { CommandMeta } from "#events/kit/define.ts";
import { Erased, type RecordedOf } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  agentName,
  idOf,
  type MessageId,
  type RoomId,
  type TurnId,
  type UserId,
  userName,
} from "#events/kit/ids.ts";
import { own } from "#events/kit/own.ts";
import type { RoomKind } from "#events/room/addressing.ts";
import type { RoomCommand } from "#events/room/commands.ts";
import { messageOfCommand, room } from "#events/room/decide.ts";
import type { RoomEvent } from "#events/room/events.ts";
import { AgentNotHere, NotRoomOwner, type RoomRefusal } from "#events/room/refusals.ts";
import type { RoomMode } from "#events/room/rhythm.ts";
import type { RoomState } from "#events/room/state.ts";
import { Actor } from "../kit/actor.ts";
import { now } from "../kit/clock.ts";
import type {
  ActorEnv,
  AgentChange,
  HistoryQuery,
  PostInput,
  Principal,
  ReplyInput,
  RoomDescription,
  RoomDoor,
  Sighting,
} from "../kit/doors.ts";
import { readModelFeeds } from "../kit/read-models.ts";
import { accepted, passedOn, type Reply, refused } from "../kit/reply.ts";
import type { Committed } from "../kit/settled-commands.ts";
import type { Timer } from "../kit/timers.ts";
import { Audience, type Seat } from "./audience.ts";
import { type Admit, RoomChannel } from "./channel.ts";
import { addAgentFeed, peopleIn, roomFeeds } from "./feeds.ts";
import { Floor } from "./floor.ts";
import { constantHeartbeat, MAX_MESSAGE_BYTES, type Message } from "./frames.ts";
import { isLate, outliving, postCommand, replyCommand, saidAgain } from "./speech.ts";
import { closing, describe, framesOf, messageOf, shownTypes } from "./views.ts";

/** A client that missed more events than this had better load the room anew. */
const CATCH_UP_AT_MOST = 500;

const noRoom = { _tag: "RoomIsPrivate", message: "There is no such room.", passing: true };

export class RoomActor<Env extends ActorEnv = ActorEnv>
  extends Actor<RoomState, RoomCommand, RoomEvent, RoomRefusal, Env>
  implements RoomDoor
{
  protected override readonly readModels = readModelFeeds("room");
  readonly #audience: Audience;
  readonly #channel: RoomChannel;
  readonly #floor: Floor;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, room);
    const { people } = this.ledger.state;
    const seated = [...this.getConnections<Seat>()].filter(({ state }) => state && own(people, state.userId));
    this.#audience = new Audience(`room:${ctx.id.name}`, seated);
    this.#channel = new RoomChannel(this.#audience, {
      topic: `room:${ctx.id.name}`,
      join: (by, after, admit) => this.behindWall("joinSocket", () => this.#joinSocket(by, after, admit)),
      post: (by, commandId, input) => this.post(by, commandId, input),
      invoke: (by, commandId, agentId, replyTo) =>
        this.behindWall("invoke", () => this.#invoke(by, commandId, agentId, replyTo)),
      stop: (by, agentId, turnId) => this.behindWall("stop", () => this.#stop(by, agentId, turnId)),
      people: env.USER,
      agents: () => this.ledger.state.agents,
    });
    ctx.setWebSocketAutoResponse(
      new WebSocketRequestResponsePair(constantHeartbeat.request, constantHeartbeat.response),
    );
    this.#floor = new Floor({
      rhythm: () => this.ledger.state.rhythm,
      timers: this.timers,
      agent: (agentId) => env.AGENT.getByName(agentId),
      commit: (command) => this.commit(command),
      inBackground: (work) => ctx.waitUntil(work),
      show: (sightings) => this.#show(sightings),
    });
    roomFeeds(this.feeds, this.ledger, env, () => this.#feedContext());
  }

  // ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────

  open(by: Principal, commandId: string, input: { roomId: RoomId; name: string; kind: RoomKind }) {
    return this.behindWall("open", async () => {
      const words = Redacted.make({ name: by.name });
      const meta = this.#meta(commandId, userName(by.userId));
      return this.#described(await this.commit({ type: "OpenRoom", meta, ownerId: by.userId, words, ...input }), by);
    });
  }

  join(by: Principal, commandId: string) {
    return this.behindWall("join", async () => this.#described(await this.#joinRoom(by, commandId), by));
  }

  addPerson(by: Principal, commandId: string, userId: UserId, name: string) {
    return this.behindWall("addPerson", async () => {
      const meta = this.#meta(commandId, userName(by.userId));
      const person = { userId, words: Redacted.make({ name }) };
      return this.#described(await this.commit({ type: "AddParticipant", meta, ...person }), by);
    });
  }

  removePerson(by: Principal, commandId: string, userId: UserId) {
    return this.behindWall("removePerson", async () => {
      const meta = this.#meta(commandId, userName(by.userId));
      return passedOn(await this.commit({ type: "RemoveParticipant", meta, userId }));
    });
  }

  inviteAgent(by: Principal, commandId: string, agentId: AgentId, name: string) {
    return this.behindWall("inviteAgent", async () => {
      const meta = this.#meta(commandId, userName(by.userId));
      return this.#described(await this.commit({ type: "InviteAgent", meta, agentId, agentName: name }), by);
    });
  }

  dismissAgent(by: Principal, commandId: string, agentId: AgentId) {
    return this.behindWall("dismissAgent", async () =>
      passedOn(await this.commit({ type: "DismissAgent", meta: this.#meta(commandId, userName(by.userId)), agentId })),
    );
  }

  setPolicy(by: Principal, commandId: string, mode: RoomMode) {
    return this.behindWall("setPolicy", async () => {
      const meta = this.#meta(commandId, userName(by.userId));
      return this.#described(await this.commit({ type: "SetPolicy", meta, mode }), by);
    });
  }

  post(by: Principal, commandId: string, input: PostInput) {
    return this.behindWall("post", async (): Promise<Reply<Message>> => {
      if (utf8Bytes(input.text) > MAX_MESSAGE_BYTES)
        return refused({ _tag: "MessageTooLong", message: "A message may have 16 KiB at most.", passing: true });
      const replyTo = input.replyTo === undefined ? undefined : this.ledger.message(input.replyTo);
      if (input.replyTo !== undefined && replyTo === undefined)
        return refused({ _tag: "NoSuchMessage", message: "There is no such message to reply to.", passing: true });
      await this.#greet(by);
      const meta = this.#meta(commandId, userName(by.userId));
      const more = { messageId: messageOfCommand(this.#id(), commandId), authorName: by.name, replyTo };
      const reply = await this.commit(postCommand(meta, this.ledger.state, input, more));
      if (reply.outcome === "refused") return reply;
      const [posted] = await this.revealed([reply.value.from]);
      return accepted(messageOf(posted!, this.#id()), reply.seq, reply.replayed);
    });
  }

  describe(by: Principal): Promise<Reply<RoomDescription>> {
    return this.behindWall("describe", async () =>
      this.#mayKnow(by) ? accepted(await this.#description(by), this.ledger.head) : refused(noRoom),
    );
  }

  messages(by: Principal, range: { after?: number; before?: number; limit: number }) {
    return this.behindWall("messages", async (): Promise<Reply<{ messages: Message[]; more: boolean }>> => {
      if (!this.#mayKnow(by)) return refused(noRoom);
      const { after, before, limit } = range;
      const events =
        after === undefined
          ? this.ledger.newest("MessagePosted", limit + 1, before)
          : this.ledger.read(after, limit + 1, ["MessagePosted"]);
      const shown = events.slice(0, limit).sort((left, right) => left.seq - right.seq);
      const words = await this.revealed(shown.map(({ seq }) => seq));
      const messages = words.map((unsealed) => messageOf(unsealed, this.#id()));
      return accepted({ messages, more: events.length > limit }, this.ledger.head);
    });
  }

  history(by: Principal, query: HistoryQuery) {
    return this.behindWall("history", async () => {
      const { ownerId } = this.ledger.state;
      const allowed = ownerId !== null && (ownerId === by.userId || by.roles.includes("auditor"));
      if (allowed) return accepted(this.page(query), this.ledger.head);
      return refused(this.#mayKnow(by) ? new NotRoomOwner() : noRoom);
    });
  }

  // ── agents ────────────────────────────────────────────────────────────────────────────────────────────────────────

  postReply(commandId: string, reply: ReplyInput, sightings: ReadonlyArray<Sighting>) {
    return this.behindWall("postReply", async (): Promise<Reply<{ roomSeq: number }>> => {
      const { agentId, causation, correlation } = reply;
      // What led up to the reply is shown before the reply itself, however fast it came.
      this.#show(sightings);
      const meta = { id: commandId, at: now(), by: agentName(agentId), causation, correlation };
      const answer = await this.commit(replyCommand(meta, this.ledger, reply));
      if (answer.outcome === "accepted" && !answer.replayed) this.#show([closing(reply)]);
      return passedOn(answer, ({ from }) => ({ roomSeq: from }));
    });
  }

  async show(sightings: ReadonlyArray<Sighting>): Promise<void> {
    this.#show(sightings);
  }

  attendance(agentId: AgentId) {
    const takesPart = own(this.ledger.state.agents, agentId) !== undefined;
    return this.behindWall("attendance", async () => (takesPart ? peopleIn(this.#feedContext()) : null));
  }

  agentChanged(commandId: string, agentId: AgentId, change: AgentChange) {
    return this.behindWall("agentChanged", async () => {
      const about = { meta: this.#meta(commandId, agentName(agentId)), agentId };
      if (change === "gone") await this.commit({ type: "DismissAgent", ...about });
      else if ("name" in change) await this.commit({ type: "InviteAgent", ...about, agentName: change.name });
      else await this.commit({ type: "SwitchAgent", ...about, active: change.active });
    });
  }

  // ── sockets ───────────────────────────────────────────────────────────────────────────────────────────────────────

  override onConnect(connection: Connection<Seat>, { request }: ConnectionContext): void {
    this.#channel.opened(connection, request);
  }

  override onMessage(connection: Connection<Seat>, message: string | ArrayBuffer): Promise<void> {
    return this.#channel.received(connection, message);
  }

  override onClose(connection: Connection<Seat>): void {
    this.#audience.leave(connection);
  }

  override onError(connection: Connection<Seat>): void {
    this.#audience.leave(connection);
  }

  /**
   * A client takes its seat; in a public room that makes it a participant. `admit` gets what it missed since `after`,
   * in the breath in which the log stood there: nothing can fall between what it is told now and what it hears live.
   */
  async #joinSocket(by: Principal, after: number | undefined, admit: Admit): Promise<Reply> {
    if (!this.#mayKnow(by)) return refused(noRoom);
    if (own(this.ledger.state.people, by.userId) === undefined) {
      const reply = await this.#joinRoom(by, `${by.userId}/join/${this.ledger.head}`);
      if (reply.outcome === "refused") return reply;
    }
    await this.#greet(by);
    for (;;) {
      const seq = this.ledger.head;
      const missed = after === undefined ? [] : this.ledger.read(after, CATCH_UP_AT_MOST + 1, shownTypes);
      const resync = missed.length > CATCH_UP_AT_MOST || (after ?? 0) > seq;
      const words = resync ? [] : await this.revealed(missed.map((event) => event.seq));
      if (this.ledger.head !== seq) continue; // something was said while keys were fetched
      if (own(this.ledger.state.people, by.userId) === undefined) return refused(noRoom);
      admit({ frames: framesOf(words, this.#id()), resync, seq });
      return accepted(undefined, seq);
    }
  }

  async #invoke(by: Principal, commandId: string, agentId: AgentId, replyTo: string | undefined) {
    if (replyTo !== undefined && this.ledger.message(replyTo) === undefined)
      return refused({ _tag: "NoSuchMessage", message: "There is no such message.", passing: true });
    const messageId = messageOfCommand(this.#id(), commandId);
    const meta = this.#meta(commandId, userName(by.userId));
    const about = { messageId, agentId, replyTo: (replyTo as MessageId | undefined) ?? null };
    return passedOn(await this.commit({ type: "InvokeAgent", meta, ...about }), () => ({ messageId }));
  }

  /** What runs is the agent's to end; who may ask for it is the room's to know. */
  async #stop(by: Principal, agentId: AgentId, turnId: TurnId | undefined): Promise<Reply> {
    if (own(this.ledger.state.agents, agentId) === undefined) return refused(new AgentNotHere({ agentId }));
    return this.env.AGENT.getByName(agentId).stop(by, this.#id(), turnId);
  }

  // ── what follows a commit ─────────────────────────────────────────────────────────────────────────────────────────

  /** Whose words a reply may say again is asked for with its own key: they may be erased, and the Vault learns whom to tell. */
  protected override commitNow(command: RoomCommand) {
    const subjects = command.type === "PostReply" ? command.tells.map(userName) : [];
    const missing = subjects.filter((subject) => this.keys.get(subject) === undefined);
    if (missing.length > 0) return { outcome: "need-keys", subjects: missing } as const;
    // What nobody may read calls on nobody: another agent would answer silence.
    const late = command.type === "PostReply" && isLate(command, this.ledger, this.keys);
    return super.commitNow(late ? { ...command, addressed: [] } : command);
  }

  protected override alongWith(events: ReadonlyArray<RecordedOf<RoomEvent>>): void {
    this.ledger.forget(outliving(events, this.ledger, this.keys));
  }

  protected override setTimers(events: ReadonlyArray<RecordedOf<RoomEvent>>): void {
    this.#floor.setTimers(events);
  }

  protected override onTimer(timer: Timer): Promise<void> {
    return this.#floor.rang(timer);
  }

  protected override afterCommit(events: ReadonlyArray<RecordedOf<RoomEvent>>): void {
    if (this.#audience.size > 0) this.#broadcast(events.map(({ seq }) => seq));
    for (const event of events) {
      this.#follow(event);
      this.#floor.follow(event);
    }
    this.followLog(events);
  }

  #follow(event: RecordedOf<RoomEvent>): void {
    switch (event.type) {
      case "AgentInvited":
        addAgentFeed(this.feeds, event.open.agentId, event.seq - 1, this.#feedContext(), this.env);
        this.#audience.agentCame(event.open.agentId, this.ledger.state.agents[event.open.agentId]!);
        break;
      case "AgentSwitched":
        this.#audience.agentStands(event.open.agentId, this.ledger.state.agents[event.open.agentId]!);
        break;
      case "AgentDismissed":
        this.#audience.agentLeft(event.open.agentId);
        break;
      case "MessagePosted":
        if (event.open.turn !== null) this.#audience.replied(idOf(event.open.by), event.open.turn.turnId);
        break;
      case "ParticipantLeft":
        this.#audience.dismiss(event.open.userId);
        break;
      default:
    }
  }

  /** Words just committed are still at hand, so that everybody sees the message in the breath in which it was stored. */
  #broadcast(seqs: ReadonlyArray<number>): void {
    const found = this.ledger.reveal(seqs);
    if ("outcome" in found) return;
    for (const { event, payload } of framesOf(found, this.#id())) this.#audience.broadcast(event, payload);
  }

  #show(sightings: ReadonlyArray<Sighting>): void {
    this.#audience.show(sightings, (agentId) => own(this.ledger.state.agents, agentId));
  }

  async settle(waitMs: number): Promise<void> {
    await this.level(waitMs);
  }

  /** What agents said with their words in mind goes with them. */
  protected override async onKeyForgotten(subject: ActorName): Promise<void> {
    this.ledger.forget(saidAgain(this.tables, subject));
    this.#audience.forgetReplies();
  }

  // ── shared ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #id(): RoomId {
    return this.ctx.id.name as RoomId;
  }

  #meta(id: string, by: ActorName): CommandMeta {
    return { id, at: now(), by, correlation: id, causation: null };
  }

  #joinRoom(by: Principal, commandId: string, isAgain = false): Promise<Reply<Committed>> {
    const meta = this.#meta(commandId, userName(by.userId));
    return this.commit({ type: "JoinRoom", meta, userId: by.userId, isAgain, words: Redacted.make({ name: by.name }) });
  }

  /** Whoever was erased and has come back is known by name again: the one they came with went with their key. */
  async #greet(by: Principal): Promise<void> {
    const joined = own(this.ledger.state.people, by.userId)?.joinedSeq;
    const [came] = joined === undefined ? [] : await this.revealed([joined]);
    if (came?.words === Erased) await this.#joinRoom(by, `${by.userId}/again/${joined}`, true);
  }

  /** A private room does not even show to strangers that it exists. */
  #mayKnow({ userId }: Principal): boolean {
    const { status, kind, people } = this.ledger.state;
    return status === "open" && (kind === "public" || own(people, userId) !== undefined);
  }

  async #described(reply: Reply<Committed>, by: Principal): Promise<Reply<RoomDescription>> {
    return reply.outcome === "refused" ? reply : accepted(await this.#description(by), reply.seq, reply.replayed);
  }

  async #description(by: Principal): Promise<RoomDescription> {
    const { state, head } = this.ledger;
    const names = await this.revealed(Object.values(state.people).map(({ joinedSeq }) => joinedSeq));
    return describe(state, this.#id(), head, names, by);
  }

  #feedContext() {
    return {
      roomId: this.#id(),
      log: this.ledger,
      watched: () => this.#audience.size > 0,
      reveal: (seqs: ReadonlyArray<number>) => this.revealed(seqs),
    };
  }
}
