/** What must be so after every step, over events by their type's name and nothing else; each is named by the promise it keeps. */
import { idOf } from "#events/kit/ids.ts";
import type { Happened, Tell } from "./chronicle.ts";
import { tools } from "./minds.ts";
import { Remembrance } from "./remembrance.ts";
import { Spending } from "./spending.ts";
import { Stops } from "./stops.ts";
import { Together } from "./together.ts";

/** Agents may answer one another so many times since a person last spoke, and say so many words in all. */
const HOPS_AT_MOST = 4;
const WORDS_AT_MOST = 6;

interface Message {
  readonly roomId: string;
  readonly seq: number;
  readonly by: string;
  /** How many agents answered one another up to here, counted along the turns and not as the message says. */
  readonly depth: number;
}

interface Call {
  readonly tool: string;
  requested: boolean;
  settled: boolean;
  effects: number;
}

interface Stay {
  readonly from: number;
  until: number | undefined;
}

/** What is known of a turn from the agent's log. */
export interface Turn {
  readonly turnId: string;
  readonly agent: string;
  readonly roomId: string;
  readonly trigger: string;
  readonly calls: Map<string, Call>;
  started: boolean;
  draft: string | undefined;
  posted: boolean;
  /** The event that ended it. */
  ended: Happened | undefined;
}

/** Events that end a turn; each turn has one of them at most. */
const endings = new Set(["TurnCompleted", "TurnFailed", "TurnDeclined", "TurnStopped", "TurnHalted"]);
/** Events that are work: there is none in a turn that is over, and none in one that has not begun. */
const work = new Set([
  ...[
    "TurnResumed",
    "TurnDelayed",
    "TurnContinued",
    "ContextAssembled",
    "ContextNarrowed",
    "ModelAsked",
    "ModelFailed",
    "ModelReplied",
  ],
  ...["ModelGaveUp", "ToolRequested", "ToolExecuted", "ToolFailed", "ReplyDrafted", "ReplyWithheld"],
  ...["MemoryFormed", "MemoriesConsidered", "ReplyPosted"],
]);
const outcomes = new Set(["ToolExecuted", "ToolFailed", "ToolOutcomeUnknown", "ToolDenied"]);

interface Fields {
  readonly turnId: string;
  readonly roomId: string;
  readonly roomSeq: number;
  readonly messageId: string;
  readonly agentId: string;
  readonly callId: string;
  readonly tool: string;
  readonly trigger: string;
}

export class Invariants {
  readonly #tell: Tell;
  readonly messages = new Map<string, Message>();
  readonly turns = new Map<string, Turn>();
  readonly #events = new Set<string>();
  readonly #calls = new Map<string, Call>();
  readonly #modes = new Map<string, ReadonlyMap<string, string>>();
  /** By agent and room: the seq that was heard last. */
  readonly #heard = new Map<string, number>();
  /** By agent and room: the turn that has the floor. */
  readonly #floor = new Map<string, string>();
  /** When each agent was in a room, by its seqs. */
  readonly #stays = new Map<string, Stay[]>();
  /** By room: what agents have said since a person last did something. */
  readonly #words = new Map<string, number>();
  /** What may be said once only, of what it may be said. */
  readonly #once = new Set<string>();

  readonly stops: Stops;
  readonly #remembrance: Remembrance;
  readonly spending: Spending;
  readonly #together: Together;

  constructor(tell: Tell) {
    this.#tell = tell;
    this.stops = new Stops(tell);
    this.#remembrance = new Remembrance(tell);
    this.spending = new Spending(tell);
    this.#together = new Together(tell);
  }

  /** An event has become safe. */
  see(event: Happened): void {
    const { stream, type, causation } = event;
    if (causation?.startsWith("evt_") && !this.#events.has(causation))
      this.#tell("causation", `${stream} ${event.seq} ${type} was caused by ${causation}, which nobody has`);
    this.#events.add(event.id);
    const open = event.open as unknown as Fields;
    this.#together.see(event);
    if (stream.startsWith("room:")) this.#ofRoom(event, open);
    else if (stream.startsWith("agent:")) {
      this.#ofAgent(event, open);
      this.#remembrance.see(event);
      this.spending.see(event);
      this.stops.see(event);
    } else if (type === "StreamRegistered") this.#single("catalogue", `${event.open["kind"]}:${event.open["name"]}`);
    else if (type === "KeyIssued") this.#single("keys", `${event.open["subject"]} ${event.open["number"]}`);
  }

  /** A tool does something in the world outside. */
  effect(tool: string, key: string, agentId: string): void {
    const call = this.#calls.get(key);
    if (call === undefined || !call.requested || call.tool !== tool) {
      this.#tell("intent", `${agentId} used ${tool} under ${key}, which no event asked for`);
      return;
    }
    call.effects += 1;
    if (tools[tool] === "once" && call.effects > 1) this.#tell("T2", `${tool} ran ${call.effects} times as ${key}`);
  }

  #single(promise: string, what: string): void {
    if (this.#once.has(what)) this.#tell(promise, `twice: ${what}`);
    this.#once.add(what);
  }

  // ── rooms ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #ofRoom(event: Happened, open: Fields): void {
    if (event.type === "AgentInvited") this.#came(event.stream, event.seq, open.agentId);
    if (event.type === "AgentDismissed") this.#went(event.stream, event.seq, open.agentId);
    if (event.type === "AgentInvoked" || event.actor.startsWith("user:")) this.#words.set(event.stream, 0);
    if (event.type === "AgentInvoked") this.#single("L2", `invocation ${open.messageId}`);
    if (event.type !== "MessagePosted") return;
    const { messageId } = open;
    this.#single("L2", `message ${messageId}`);
    const by = String(event.open["by"]);
    const turn = event.open["turn"] as { readonly turnId: string; readonly notice: boolean } | null;
    if (turn !== null) this.#single("T1", `reply of ${turn.turnId}`);
    const depth = turn === null ? 0 : this.#depthOf(turn.turnId) + 1;
    if (depth > HOPS_AT_MOST) this.#tell("hops", `${messageId} is answer ${depth} since a person last spoke`);
    if (turn !== null) this.#counted(event.stream);
    this.messages.set(messageId, { roomId: idOf(event.stream as never), seq: event.seq, by, depth });
    if (turn !== null) this.#spoken(messageId, turn);
  }

  /** What an agent says was drafted; the house gives notice in its place of a turn that failed. */
  #spoken(messageId: string, { turnId, notice }: { readonly turnId: string; readonly notice: boolean }): void {
    const known = this.turns.get(turnId);
    if (known?.draft === messageId || (notice && known?.ended?.type === "TurnFailed" && !known.posted)) return;
    this.#tell("draft", `${messageId} was posted and is no draft of ${turnId}`);
  }

  /** One more word of an agent. Whoever was speaking already when a person spoke may still end. */
  #counted(room: string): void {
    const words = (this.#words.get(room) ?? 0) + 1;
    this.#words.set(room, words);
    const here = [...this.#stays].filter(([place, stays]) => place.endsWith(room) && stays.at(-1)?.until === undefined);
    if (words > WORDS_AT_MOST + here.length) this.#tell("hops", `agents have said ${words} words in ${room} on end`);
  }

  #came(room: string, seq: number, agentId: string): void {
    const stays = this.#stays.get(`${agentId} in ${room}`) ?? [];
    this.#stays.set(`${agentId} in ${room}`, stays);
    if (stays.at(-1)?.until !== undefined || stays.length === 0) stays.push({ from: seq, until: undefined });
  }

  #went(room: string, seq: number, agentId: string): void {
    const last = this.#stays.get(`${agentId} in ${room}`)?.at(-1);
    if (last !== undefined) last.until ??= seq;
  }

  /** What is on its way to an agent: nothing that was said while it was away. */
  told(agentId: string, roomId: string, heard: ReadonlyArray<{ kind: string; seq: number }>): void {
    const stays = this.#stays.get(`${agentId} in room:${roomId}`) ?? [];
    for (const { kind, seq } of heard)
      if (kind === "message" && !stays.some(({ from, until = Number.POSITIVE_INFINITY }) => from < seq && seq < until))
        this.#tell("presence", `${agentId} is told ${seq} of ${roomId}, which was said while it was away`);
  }

  /** The depth of what a turn answers; an invocation without words is a person's and has none. */
  #depthOf(turnId: string): number {
    return this.messages.get(this.turns.get(turnId)?.trigger ?? "")?.depth ?? 0;
  }

  // ── agents ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #ofAgent(event: Happened, open: Fields): void {
    const { type, stream } = event;
    if (type === "MessageReceived") this.#received(event, open);
    // A message is remembered as it is heard, whatever becomes of its turn.
    else if (typeof open.turnId === "string" && event.open["basis"] !== "said") this.#ofSomeTurn(event, open);
    if (type !== "ToolsGranted") return;
    const list = event.open["tools"] as ReadonlyArray<{ name: string; mode: string }>;
    this.#modes.set(stream, new Map(list.map(({ name, mode }) => [name, mode])));
  }

  #ofSomeTurn(event: Happened, open: Fields): void {
    const { type, stream } = event;
    const turn = this.turns.get(open.turnId);
    if (turn === undefined || turn.agent !== stream) {
      this.#tell("T4", `${stream} ${event.seq} ${type} is of no turn that was heard of`);
      return;
    }
    if (turn.ended !== undefined && (work.has(type) || endings.has(type) || type === "TurnStarted"))
      this.#tell("T4", `${type} comes after the end of ${turn.turnId} by ${turn.ended.type}`);
    if (work.has(type) && !turn.started) this.#tell("T4", `${type} comes before the start of ${turn.turnId}`);
    this.#ofTurn(event, open, turn);
  }

  /** What was said is heard once, in the room's order, and nothing else is heard. */
  #received({ stream, open: { addressed } }: Happened, { turnId, roomId, roomSeq, messageId }: Fields): void {
    const place = `${stream} in ${roomId}`;
    this.#single("delivery", `${place} heard ${messageId}`);
    const last = this.#heard.get(place) ?? 0;
    if (roomSeq <= last) this.#tell("order", `${place} heard ${roomSeq} after ${last}`);
    this.#heard.set(place, roomSeq);
    const message = this.messages.get(messageId);
    const invoked = this.#once.has(`invocation ${messageId}`) && addressed === "invoked";
    if (!invoked && (message === undefined || message.seq !== roomSeq || message.roomId !== roomId))
      this.#tell("delivery", `${place} heard ${messageId} as ${roomSeq}, which was not said there`);
    this.turns.set(turnId, {
      ...{ turnId, agent: stream, roomId, trigger: messageId, calls: new Map() },
      ...{ started: false, draft: undefined, posted: false, ended: undefined },
    });
  }

  #ofTurn(event: Happened, open: Fields, turn: Turn): void {
    const { type } = event;
    const floor = `${turn.agent} in ${turn.roomId}`;
    if (type === "TurnStarted") {
      const other = this.#floor.get(floor);
      if (turn.started) this.#tell("T4", `${turn.turnId} started twice`);
      if (other !== undefined) this.#tell("floor", `${turn.turnId} started while ${other} ran there`);
      turn.started = true;
      this.#floor.set(floor, turn.turnId);
    }
    if (type === "ModelReplied")
      for (const { callId, tool } of event.open["calls"] as ReadonlyArray<{ callId: string; tool: string }>) {
        const call = { tool, requested: false, settled: false, effects: 0 };
        turn.calls.set(callId, call);
        this.#calls.set(callId, call);
      }
    if (type === "ToolRequested") this.#requested(open, turn);
    if (outcomes.has(type)) this.#settled(type, open, turn);
    if (type === "ReplyDrafted") turn.draft = String(event.open["replyId"]);
    if (type === "ReplyPosted") this.#posted(open, turn);
    if (!endings.has(type)) return;
    turn.ended = event;
    if (this.#floor.get(floor) === turn.turnId) this.#floor.delete(floor);
    if (type === "TurnCompleted" && !turn.posted) this.#tell("T4", `${turn.turnId} was completed without a reply`);
    if (type === "TurnDeclined" && turn.started) this.#tell("T4", `${turn.turnId} was declined after its start`);
    for (const [callId, call] of turn.calls)
      if (call.requested && !call.settled) this.#tell("T2", `${turn.turnId} ended, and ${callId} has no outcome`);
  }

  #requested({ callId, tool }: Fields, turn: Turn): void {
    const call = turn.calls.get(callId);
    if (call === undefined) {
      this.#tell("intent", `${callId} was requested and no model had asked for it`);
      return;
    }
    if (call.requested || call.settled) this.#tell("intent", `${callId} was requested twice`);
    if ((this.#modes.get(turn.agent)?.get(tool) ?? "off") === "off")
      this.#tell("gate", `${callId} uses ${tool}, which was not granted to ${turn.agent}`);
    call.requested = true;
  }

  #settled(type: string, { callId }: Fields, turn: Turn): void {
    const call = turn.calls.get(callId);
    if (call === undefined || (!call.requested && type !== "ToolDenied")) {
      this.#tell("intent", `${callId} has an outcome, ${type}, and was not requested`);
      return;
    }
    if (call.settled) this.#tell("T2", `${callId} has two outcomes, the second is ${type}`);
    call.settled = true;
  }

  /** The agent's log says what the room's log says. */
  #posted({ messageId, roomSeq, roomId }: Fields, turn: Turn): void {
    const message = this.messages.get(messageId);
    if (message?.seq !== roomSeq || message.roomId !== roomId || messageId !== turn.draft)
      this.#tell("T1", `${turn.turnId} believes that ${messageId} is ${roomSeq} of ${roomId}, and it is not`);
    turn.posted = true;
  }
}
