/** A turn's world from a script: a model, tools, rooms and memory that do as they are told, over a real ledger on node:sqlite. */
import { Clock, Effect, Layer, Stream } from "effect";
import { expect } from "vitest";
import {
  DeliveryFailure,
  ModelFailure,
  type ModelReason,
  RecallFailure,
  ToolFailure,
  type ToolReason,
} from "#actors/agent/turn/failures.ts";
import { runTurn } from "#actors/agent/turn/pipeline.ts";
import {
  ChatModel,
  type Finish,
  type Formed,
  type ModelPart,
  Moderator,
  type OutgoingMessage,
  type Prompt,
  Recall,
  type Recalled,
  type Remembered,
  type Replay,
  Rooms,
  type Answer as Said,
  type Sign,
  Toolbox,
  TurnLedger,
} from "#actors/agent/turn/ports.ts";
import { turnLedger } from "#actors/agent/turn-ledger.ts";
import type { Ledger, NeedKeys } from "#actors/kit/ledger.ts";
import type { Reply } from "#actors/kit/reply.ts";
import type { Committed } from "#actors/kit/settled-commands.ts";
import type { ModelName } from "#events/agent/asking.ts";
import type { AgentCommand, Episode, Settings } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import type { AgentEvent, ToolMode } from "#events/agent/events.ts";
import type { AgentRefusal } from "#events/agent/refusals.ts";
import type { AgentState } from "#events/agent/state.ts";
import type { RecordedOf, Unsealed } from "#events/kit/envelope.ts";
import { type ActorName, agentName, type RoomId, type TurnId, userName } from "#events/kit/ids.ts";
import { type Asked, ada, dana, heard, lobby, settings, turnId, words } from "./given.ts";
import { metaFor, open, TestKeys } from "./ledger-fixture.ts";
import { paced, scriptedFormer, scriptedModerator } from "./scripted-abilities.ts";
import { nodeSql } from "./sqlite.ts";

/** What a model does when asked: says prose piece by piece, asks for tools, fails, or never ends; it may look at the prompt. */
export type Answer = GivenAnswer | ((prompt: Prompt) => GivenAnswer);
export type GivenAnswer =
  | {
      readonly says?: ReadonlyArray<string>;
      readonly calls?: ReadonlyArray<readonly [tool: string, input: unknown]>;
      readonly finish?: Finish;
      /** Milliseconds before each piece. */
      readonly paceMs?: number;
      /** Who answers; the stand-in, unless told. */
      readonly by?: ModelName;
      /** Tokens in and out; none where the provider does not say what it used. */
      readonly usage?: ReadonlyArray<number | undefined>;
    }
  | { readonly fails: ModelReason; readonly after?: ReadonlyArray<string>; readonly paceMs?: number }
  | "silence";

export interface ScriptedTool {
  readonly replay: Replay;
  readonly mode?: ToolMode;
  readonly run: (input: string) => Effect.Effect<string, ToolReason>;
}

export interface Script {
  /** Per round of a turn, the answers to one request after the other; the last one is repeated. */
  readonly model: ReadonlyArray<ReadonlyArray<Answer>>;
  readonly tools?: Readonly<Record<string, ScriptedTool>>;
  readonly recall?: ReadonlyArray<Remembered> | "broken";
  /** Whether who is answered let the agent remember them; they did unless it says otherwise. */
  readonly remembers?: boolean;
  readonly tellable?: (seqs: ReadonlyArray<number>) => ReadonlyArray<number>;
  readonly forms?: (text: string) => ReadonlyArray<Formed>;
  readonly memoryEnabled?: boolean;
  /** What the owner decided otherwise than usual. */
  readonly settings?: Partial<Settings>;
  /** Words that may not be said, as they are written. */
  /** Whether anybody looks at the room; they do, unless told otherwise. */
  readonly watched?: boolean;
  readonly listed?: ReadonlyArray<string>;
  /** What the provider's moderation flags in a text; nothing when left out. */
  readonly flags?: ((text: string) => ReadonlyArray<string>) | "broken";
  /** How many posts fail before the room answers. */
  readonly roomFails?: number;
  /** How long the room takes to answer a post, or to fail it. */
  readonly roomTakesMs?: number;
}

type HeardOtherwise = Partial<ReturnType<typeof heard>["open"]> & { readonly episode?: Episode };

/** Where the process dies: before or after its n-th commit since the object woke. */
export interface Death {
  readonly commit: number;
  readonly when: "before" | "after";
}

/** The open part of each type of event. */
type Opens = { readonly [E in AgentEvent as E["type"]]: E["open"] };

type AgentLedger = Ledger<AgentState, AgentCommand, AgentEvent, AgentRefusal>;

/** The end of a process, as it looks from inside: something is thrown, and nothing after it happens. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** Rounds that a prompt has behind it. */
const roundOf = (prompt: Prompt): number => prompt.messages.filter(({ role }) => role === "tool").length;

/** The world that a turn runs in. What is in the room and what tools did outlives the object; the ledger can be reopened. */
export class Stage {
  readonly asked: Prompt[] = [];
  /** The models that were asked, in order. */
  readonly models: string[] = [];
  readonly ran: Array<readonly [tool: string, input: string, key: string]> = [];
  readonly posted: OutgoingMessage[] = [];
  readonly signs: Sign[] = [];
  readonly searched: Array<{ readonly text: string; readonly own?: string }> = [];
  /** The answers that were to be remembered, with all that each was written with. */
  readonly given: Said[] = [];
  posts = 0;
  ledger: AgentLedger;
  readonly #script: Script;
  readonly #sql = nodeSql();
  readonly #keys = new TestKeys();
  /** When commands from outside are given. */
  now = 0;
  /** What the notes of its rooms cover is past its time. */
  areNotesOverdue = false;
  /** How tools describe themselves today. */
  describes = (name: string): string => `Does ${name}.`;
  /** What goes into the same transaction as a commit. */
  along: (events: ReadonlyArray<RecordedOf<AgentEvent>>) => void = () => {};
  /** Who is told of a commit, after it. */
  told: (events: ReadonlyArray<RecordedOf<AgentEvent>>) => void = () => {};
  /** Commits of the running turn since the object woke. */
  commits = 0;
  /** How many signs are of no matter any more when somebody asks what was shown. */
  #shownFrom = 0;
  #death: Death | undefined;

  constructor(script: Script) {
    this.#script = script;
    this.ledger = this.#open();
    const tools = Object.entries(script.tools ?? {}).map(([name, { mode = "allow" }]) => ({ name, mode }));
    const memoryEnabled = script.memoryEnabled ?? true;
    const prompt = words({ systemPrompt: "Be kind.", description: "" });
    this.tell({
      type: "CreateAgent",
      agentId: ada,
      ownerId: dana,
      settings: { ...settings, memoryEnabled, ...script.settings },
      tools,
      words: prompt,
    });
    this.tell({ type: "JoinRoom", roomId: lobby, kind: "public" });
    this.tell({ type: "NoteConsent", userId: dana, granted: true });
  }

  #open(): AgentLedger {
    return open(agent, this.#sql, this.#keys, {
      along: (_state, events) => this.along(events),
      told: (events) => this.told(events),
    });
  }

  /** A command from outside. */
  tell(command: Asked<AgentCommand>, id = `outside/${this.ledger.head}`): Reply<Committed> | NeedKeys {
    return this.ledger.commit({ ...command, meta: metaFor(id, userName(dana), { at: this.now }) } as AgentCommand);
  }

  /** Dana says something to Ada. */
  hear(label: string, text = `Ada, ${label}?`, { episode, ...over }: HeardOtherwise = {}): TurnId {
    const said = { ...heard(label).open, chars: text.length, ...over };
    this.tell(
      { type: "ReceiveMessage", ...said, words: words({ text, authorName: "Dana" }), ...(episode && { episode }) },
      `${turnId(label)}/receive`,
    );
    return turnId(label);
  }

  /** The process ends; what is in the tables stays, and the next one opens it. It may be doomed too. */
  restart(death?: Death): void {
    this.ledger = this.#open();
    this.commits = 0;
    this.#shownFrom = this.signs.length;
    this.#death = death;
  }

  /** Somebody's key is destroyed, and with it what they said: nothing of it is left in memory either. */
  shred(subject: ActorName): void {
    this.#keys.destroyed.add(subject);
    this.restart();
  }

  /** Somebody's key cannot be had for a while. */
  withhold(subject: ActorName): void {
    this.#keys.withheld.add(subject);
  }

  giveBack(subject: ActorName): void {
    this.#keys.withheld.delete(subject);
  }

  /** Runs a turn from wherever it stands. */
  run(id: TurnId): Effect.Effect<void, unknown> {
    return this.perform(runTurn(id));
  }

  /** Does something else in the world of a turn. */
  perform<A, E>(program: Effect.Effect<A, E, Layer.Success<ReturnType<Stage["world"]>>>): Effect.Effect<A, E> {
    return program.pipe(Effect.provide(this.world()));
  }

  /** What an actor does with a turn that it finds open and without a fiber. */
  resume(id: TurnId): Effect.Effect<void, unknown> {
    const turn = this.ledger.state.turns[id];
    if (turn !== undefined && turn.attempt > 0)
      this.tell({ type: "ResumeTurn", turnId: id }, `${id}/resume/${turn.attempt}`);
    return this.run(id);
  }

  /** The timer that holds a turn rings: what an actor does then, in a life that may end with it. */
  ring(id: TurnId): Effect.Effect<void, unknown> {
    const until = this.ledger.state.turns[id]?.delayedUntil;
    const continued = Effect.map(Clock.currentTimeMillis, (at) => {
      const meta = metaFor(`${id}/continue/${until}`, agentName(ada), { at });
      this.#commit({ type: "ContinueTurn", meta, turnId: id });
    });
    return Effect.andThen(continued, this.run(id));
  }

  /** Dana stops a turn, in a life that may end with it. */
  stop(id: TurnId): Effect.Effect<void> {
    return Effect.map(Clock.currentTimeMillis, (at) => {
      const meta = metaFor(`${id}/stop`, userName(dana), { at });
      this.#commit({ type: "StopTurn", meta, roomId: lobby, turnId: id });
    });
  }

  /** The types of all events since the room was joined. */
  happened(): ReadonlyArray<AgentEvent["type"]> {
    const all = this.events();
    return all.slice(all.findIndex(({ type }) => type === "ConsentNoted") + 1).map(({ type }) => type);
  }

  events(): ReadonlyArray<RecordedOf<AgentEvent>> {
    return this.ledger.read(0, 10_000);
  }

  /** The open part of the only event of this type. */
  only<T extends AgentEvent["type"]>(type: T): Opens[T] {
    const found = this.events().filter((event) => event.type === type);
    expect(found, type).toHaveLength(1);
    return found[0]!.open as unknown as Opens[T];
  }

  /** The words of all events of this type. */
  words(type: AgentEvent["type"]): ReadonlyArray<Unsealed["words"]> {
    const seqs = this.events().flatMap((event) => (event.type === type ? [event.seq] : []));
    return (this.ledger.reveal(seqs) as ReadonlyArray<Unsealed>).map((found) => found.words);
  }

  #commit(command: AgentCommand): Reply<Committed> | NeedKeys {
    this.commits += 1;
    const doomed = this.#death?.commit === this.commits;
    if (doomed && this.#death?.when === "before") throw new Killed();
    // The virtual clock stands between two milliseconds after a jittered pause; the real one never does.
    const meta = { ...command.meta, at: Math.floor(command.meta.at) };
    const reply = this.ledger.commit({ ...command, meta });
    if (command.type === "RecordModelReply" && reply.outcome === "accepted") this.#shownFrom = this.signs.length;
    if (doomed) throw new Killed();
    return reply;
  }

  async #fetch(): Promise<void> {
    if (this.#keys.withheld.size > 0) throw new Error("the Vault is away");
  }

  /** The notes of a room that may be read. */
  notes(roomId: RoomId) {
    return this.areNotesOverdue ? null : (this.ledger.state.rooms[roomId]?.summary ?? null);
  }

  /** The services of a turn. */
  world() {
    return Layer.mergeAll(
      Layer.succeed(
        TurnLedger,
        turnLedger({
          ...{ ledger: this.ledger, fetchKeys: () => this.#fetch() },
          commit: (command) => this.#commit(command),
          notes: (roomId) => this.notes(roomId),
        }),
      ),
      Layer.succeed(ChatModel, {
        stream: ({ provider, model }, prompt) => this.#answer(provider, model, prompt),
        price: (_name, tokensIn, tokensOut) => tokensIn + tokensOut,
      }),
      Layer.succeed(Toolbox, this.#toolbox()),
      Layer.succeed(Rooms, {
        show: (_roomId, sign) => void this.signs.push(sign),
        watched: () => this.#script.watched ?? true,
        shown: (id) => this.#shown(id),
        post: (message) => this.#post(message),
      }),
      Layer.succeed(Recall, {
        search: ({ text, own }) => this.#recall(own === undefined ? { text } : { text, own }),
        remembers: () => this.#script.remembers ?? true,
        tellable: (seqs) => this.#script.tellable?.(seqs) ?? seqs,
      }),
      scriptedFormer(this.given, this.#script.forms),
      Layer.succeed(Moderator, scriptedModerator(this.#script)),
    );
  }

  #answer(provider: string, model: string, prompt: Prompt): Stream.Stream<ModelPart, ModelFailure> {
    const round = roundOf(prompt);
    const earlier = this.asked.filter((other) => roundOf(other) === round).length;
    this.asked.push(prompt);
    this.models.push(`${provider}/${model}`);
    const answers = this.#script.model[round];
    const found = answers?.[Math.min(earlier, answers.length - 1)];
    const answer = typeof found === "function" ? found(prompt) : found;
    if (answer === undefined) throw new Error(`the script has no round ${round}`);
    if (answer === "silence") return Stream.never;
    if ("fails" in answer) {
      const failure = new ModelFailure({ provider, model, reason: answer.fails });
      return Stream.concat(paced(answer.after, answer.paceMs), Stream.fail(failure));
    }
    const { says = [], calls = [], paceMs, by = { provider: "demo", model: "demo-1" }, usage = [10, 5] } = answer;
    const reply: ModelPart = {
      ...{ type: "reply", text: says.join(""), ...by, tokensIn: usage[0], tokensOut: usage[1] },
      calls: calls.map(([tool, input], index) => ({
        callId: `theirs-${index}`,
        tool,
        arguments: JSON.stringify(input),
      })),
      finish: answer.finish ?? (calls.length > 0 ? "tools" : "end"),
    };
    return Stream.concat(paced(says, paceMs), Stream.succeed(reply));
  }

  #toolbox(): Toolbox["Service"] {
    const tools = this.#script.tools ?? {};
    return {
      describe: (names) =>
        names.map((name) => ({ name, description: this.describes(name), input: { type: "object" } })),
      replayOf: (name) => tools[name]?.replay,
      run: (name, input, { key }) =>
        Effect.suspend(() => {
          this.ran.push([name, input, key]);
          return tools[name]!.run(input);
        }).pipe(Effect.mapError((reason) => new ToolFailure({ tool: name, reason }))),
    };
  }

  /** What was shown since the reply last began, since a reply was last recorded, and since the object woke. */
  #shown(id: TurnId): string {
    const of = this.signs
      .slice(this.#shownFrom)
      .flatMap((sign) => (sign.event === "agent_message" && sign.turnId === id ? [sign] : []));
    const begun = of.findLastIndex(({ phase }) => phase === "start");
    return of
      .slice(begun + 1)
      .map(({ delta }) => delta ?? "")
      .join("");
  }

  /** As the room does: a message is known by its id, and the same id with other content is refused. */
  #post(message: OutgoingMessage): Effect.Effect<{ readonly roomSeq: number }, DeliveryFailure> {
    const { roomTakesMs = 0 } = this.#script;
    const answered = Effect.suspend(() => {
      this.posts += 1;
      if (this.posts <= (this.#script.roomFails ?? 0)) return Effect.fail(new DeliveryFailure({ detail: "away" }));
      const place = this.posted.findIndex((other) => other.messageId === message.messageId);
      if (place < 0) return Effect.succeed({ roomSeq: this.posted.push(message) });
      const { causation: _then, ...known } = this.posted[place]!;
      const { causation: _now, ...again } = message;
      expect(again).toEqual(known);
      return Effect.succeed({ roomSeq: place + 1 });
    });
    return roomTakesMs === 0 ? answered : Effect.delay(answered, roomTakesMs);
  }

  #recall(question: (typeof this.searched)[number]): Effect.Effect<Recalled, RecallFailure> {
    return Effect.suspend(() => {
      const { recall = [] } = this.#script;
      this.searched.push(question);
      if (recall === "broken") return Effect.fail(new RecallFailure({ detail: "gone" }));
      return Effect.succeed({ memories: recall, degraded: false });
    });
  }
}
