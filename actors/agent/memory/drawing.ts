/** Memories drawn from what was said in a room, once it has been quiet there: by a model, or by rules where none answers; one of the jobs of jobs.ts. */
import { Cause, Effect, Redacted } from "effect";
import { nameKey } from "#events/agent/asking.ts";
import type { AgentCommandOf } from "#events/agent/commands.ts";
import type { AgentEvent, Origin } from "#events/agent/events.ts";
import { Erased, type RecordedOf, type Unsealed } from "#events/kit/envelope.ts";
import {
  type ActorName,
  type AgentId,
  childId,
  idOf,
  type MemoryId,
  type RoomId,
  type UserId,
} from "#events/kit/ids.ts";
import type { Timer } from "../../kit/timers.ts";
import { type Answered, askedBehind, passing } from "../background-model.ts";
import { discreet } from "../turn/discretion.ts";
import { kindOf } from "../turn/failures.ts";
import { TurnLedger } from "../turn/ports.ts";
import { newestWithin } from "../turn/prompt.ts";
import { oneLine, wordOf } from "../turn/quotation.ts";
import { drawingPrompt, type Fact, factsIn, speakersIn } from "./drawing-text.ts";
import { glean, memoriesOf } from "./forming/message.ts";
import { sensitivityOf } from "./forming/sensitivity.ts";
import type { JobHost, JobServices, MemoryJob } from "./job.ts";
import { both } from "./recall/audience.ts";
import type { MemoryRow } from "./recall/memory-row.ts";

/** The kind of its timers, of which each room has one. */
export const DRAW_MEMORIES = "draw-memories";
const timerId = (roomId: string): string => `draw/${roomId}`;

/** So long nobody has said anything: memory.md § 6, sleep-time. */
const QUIET_MS = 30 * 60_000;
/** A timer rings again after this long, should its work have died, or its model have failed in passing. */
const AGAIN_MS = 10 * 60_000;
/** So much is looked through at once; what is left follows a moment later. */
const AT_ONCE = { messages: 60, tokens: 16_000 } as const;
const MAX_TOKENS = 3_000;
const PAGE = 1_000;

type Draw = AgentCommandOf<"DrawMemories">;
type Drawn = Omit<Draw["memories"][number], "memoryId">;

/** What a look at a room's messages gave, by whom, and at what cost. */
type Found = Pick<Draw, "dropped" | "by" | "request" | "tokensIn" | "tokensOut" | "microUsd"> & {
  readonly memories: ReadonlyArray<Drawn>;
};

/** A message that may be drawn from, and its memory. */
interface Told {
  readonly row: MemoryRow;
  readonly message: Unsealed;
}

/** The least that can be said for any of them. */
const worst = (origins: ReadonlyArray<Origin>): Origin =>
  (["tool", "agent", "person", "owner"] as const).find((origin) => origins.includes(origin)) ?? "tool";

const midnight = (day: string | null | undefined): number | undefined => {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : at;
};

export class Drawing implements MemoryJob {
  readonly kind = DRAW_MEMORIES;
  readonly #host: JobHost<JobServices>;
  /** Rooms in whose matter a model is being asked: one question at a time. */
  readonly #running = new Set<RoomId>();

  constructor(host: JobHost<JobServices>) {
    this.#host = host;
  }

  /** Each message that is kept puts it off: what belongs together is looked through together. */
  noticed(events: ReadonlyArray<RecordedOf<AgentEvent>>): void {
    for (const { type, open, at } of events)
      if (type === "MemoryFormed" && open.basis === "said" && open.roomId !== null)
        this.#ring(open.roomId, at + QUIET_MS);
  }

  fired({ id }: Timer): void {
    const { now, run, timers, report } = this.#host;
    const roomId = id.slice(id.indexOf("/") + 1) as RoomId;
    if (this.#fresh(roomId).length === 0) {
      timers.cancel(id);
      return;
    }
    const again = now() + AGAIN_MS;
    this.#ring(roomId, again);
    if (this.#running.has(roomId)) return;
    this.#running.add(roomId);
    const program = this.#draw(roomId).pipe(
      // Whoever has spoken meanwhile has put it off themselves.
      Effect.tap((next) =>
        Effect.sync(() => {
          if (timers.dueOf(id) !== again) return;
          if (next === "more") this.#ring(roomId, now());
          if (next === "rest") timers.cancel(id);
        }),
      ),
      Effect.asVoid,
      Effect.catchCause((cause) => Effect.sync(() => report(`nothing drawn in ${roomId}`, Cause.pretty(cause)))),
      Effect.ensuring(Effect.sync(() => void this.#running.delete(roomId))),
    );
    run(program);
  }

  #ring(roomId: RoomId, due: number): void {
    this.#host.timers.set({ id: timerId(roomId), due, kind: this.kind, body: null });
  }

  /**
   * What was said there since the last time, oldest first: of people who agreed, and not yet forgotten. What the owner made of
   * a message later has an event of its own behind the memory's: nobody said it, and it stands for itself.
   */
  #fresh(roomId: RoomId): ReadonlyArray<MemoryRow> {
    const { memory, state } = this.#host;
    const { memoryEnabled, drawn } = state();
    if (!memoryEnabled) return [];
    const said = {
      where: "m.basis = 'said' AND m.room_id = ? AND m.formed_seq > ? AND m.seq < m.formed_seq",
      parameters: [roomId, drawn[roomId] ?? 0],
    };
    const { where, parameters } = both(said, memory.inForce());
    return memory.register.where(where, parameters, AT_ONCE.messages, "m.formed_seq");
  }

  /** Answers whether there is more to look through, or nothing to do before somebody speaks, or the same to try again. */
  #draw(roomId: RoomId) {
    const { memory, state } = this.#host;
    return Effect.gen({ self: this }, function* () {
      const ledger = yield* TurnLedger;
      const rows = this.#fresh(roomId);
      const told = yield* toldBy(rows);
      const { name, choice } = yield* ledger.configuration();
      if (told.length === 0) return "rest" as const;
      // Facts name people: nothing can be drawn where nobody can say whose leave that needs.
      if (!(yield* memory.attendance.known(roomId))) return "again" as const;
      if (memory.attendance.here(roomId) === null) return "rest" as const;
      const messages = told.map(({ message }) => message);
      const named = { ...choice, ...(state().simpleModel ?? {}), maxTokens: MAX_TOKENS, whole: true };
      const matter = { purpose: "memories", roomId } as const;
      const answered = yield* askedBehind(state, matter, named, drawingPrompt(name, messages)).pipe(
        Effect.catchTag("ModelFailure", ({ reason }) =>
          Effect.succeed(passing.includes(kindOf(reason)) ? ("again" as const) : null),
        ),
      );
      if (answered === "again") return answered;
      const standing = this.#standing(told);
      // Whatever was taken back meanwhile may be in any of the facts, whichever messages they name: it is looked through anew.
      if (answered !== null && standing.length < told.length) return "again" as const;
      const { memories, ...found } =
        answered === null ? this.#byRules(standing, roomId, ledger) : this.#byModel(answered, standing, roomId);
      const toSeq = told.length < rows.length ? told.at(-1)!.row.formedSeq : rows.at(-1)!.formedSeq;
      yield* ledger.commit({
        type: "DrawMemories",
        meta: this.#host.meta(`draw/${roomId}/${toSeq}/${state().head}`),
        ...{ roomId, toSeq, looked: told.length, ...found },
        shown: [...new Set(told.flatMap(({ row }) => row.about))],
        // Nothing of what they say, which would outlive it in the open; what was looked through is drawn from once.
        memories: memories.map((memory, index) => ({
          ...memory,
          memoryId: idAt(ledger.agentId, roomId, toSeq, index),
        })),
      });
      return this.#fresh(roomId).length > 0 ? ("more" as const) : ("rest" as const);
    });
  }

  /** Those that are still to be read as they were told. A memory that was corrected is the same one, in other words. */
  #standing(told: ReadonlyArray<Told>): ReadonlyArray<Told> {
    const { memory } = this.#host;
    const named = {
      where: "m.seq IN (SELECT value FROM json_each(?))",
      parameters: [JSON.stringify(told.map(({ row }) => row.seq))],
    };
    const { where, parameters } = both(named, memory.inForce());
    const bySeq = new Map(memory.register.where(where, parameters, told.length).map((row) => [row.seq, row]));
    return told.flatMap(({ row, message }) => {
      const standing = bySeq.get(row.seq);
      return standing === undefined ? [] : [{ row: standing, message }];
    });
  }

  /** What can be taken of a model's answer. */
  #byModel({ reply, cost }: Answered, told: ReadonlyArray<Told>, roomId: RoomId): Found {
    const { report } = this.#host;
    const by = nameKey(reply);
    const answer = reply.finish === "end" ? factsIn(reply.text) : null;
    if (answer === null) report(`no facts from ${by}`, "an answer that is none");
    const memories = (answer?.facts ?? []).flatMap((fact) => this.#memoryOf(fact, told, roomId) ?? []);
    const dropped = answer === null ? 1 : answer.dropped + answer.facts.length - memories.length;
    if (answer !== null && dropped > 0) report(`${dropped} facts from ${by} were not taken`, roomId);
    return { memories, dropped, by, ...cost };
  }

  /** What the rules read in what was only heard: of what was answered, its turn has drawn it, or will. */
  #byRules(told: ReadonlyArray<Told>, roomId: RoomId, ledger: TurnLedger["Service"]): Found {
    const { memory, state } = this.#host;
    const answered = consideredSince(ledger, told[0]?.row.seq ?? state().head);
    const overheard = told.filter(({ row }) => !answered.has(row.turnId!) && !(row.turnId! in state().turns));
    const memories = overheard.flatMap(statedIn).flatMap(({ content, ...stated }): ReadonlyArray<Drawn> => {
      const named = memory.attendance.named(content, roomId, { author: stated.speaker as ActorName });
      return named === undefined ? [] : [{ ...stated, roomId, about: [...new Set([...stated.about, ...named])] }];
    });
    return { memories, dropped: 0, by: "rules", microUsd: 0 };
  }

  /**
   * A fact as a memory, where it may be one: it comes from what people said, it is beyond doubt whom it names, and it gives no
   * credentials away. It is about whoever said it, and about those it names.
   */
  #memoryOf({ content, kind, about, sources, importance, validFrom }: Fact, told: ReadonlyArray<Told>, roomId: RoomId) {
    const { memory } = this.#host;
    const from = [...new Set(sources)].flatMap((number) => told[number - 1] ?? []);
    const spoken = from.filter(({ row }) => row.speaker?.startsWith("user:"));
    const sensitivity = sensitivityOf(content);
    const words = oneLine(content);
    const isWhole = from.length === new Set(sources).size;
    if (!isWhole || spoken.length === 0 || sensitivity.includes("credentials")) return undefined;
    const speakers = speakersIn(told.map(({ message }) => message));
    const named = memory.attendance.named([...about.map((name) => `@${oneLine(name)}`), words].join("\n"), roomId, {
      speakers,
    });
    if (named === undefined) return undefined;
    const people = [
      ...spoken.map(({ row }) => idOf(row.speaker as ActorName) as UserId),
      ...from.flatMap(({ row }) => row.about),
      ...named,
    ];
    const first = spoken[0]!;
    const since = midnight(validFrom);
    return {
      ...{ kind, importance, basis: "drawn", roomId, speaker: first.row.speaker as ActorName },
      about: [...new Set(people)],
      origin: worst(from.map(({ row }) => row.origin)),
      audience: from.every(({ row }) => row.audience === "public") ? "public" : "room",
      sourceSeqs: from.map(({ row }) => row.seq),
      sources: from.map(({ row }) => row.memoryId),
      saidAt: Math.max(...from.map(({ row }) => row.saidAt)),
      ...(since === undefined ? {} : { validFrom: since }),
      ...(sensitivity.length > 0 || from.some(({ row }) => row.sensitive) ? { sensitive: true } : {}),
      // Whose words they were: what is drawn from the same words by rules is the same memory.
      words: Redacted.make({ content: words, speakerName: nameIn(first.message) }),
    } satisfies Drawn;
  }
}

const idAt = (agentId: AgentId, roomId: RoomId, toSeq: number, index: number): MemoryId =>
  childId<MemoryId>("memory", agentId, JSON.stringify(["drawn", roomId, toSeq, index]));

const nameIn = ({ words }: Unsealed): string => wordOf(words, "authorName");

/** The turns since an event in which what was said has been gone over. */
function consideredSince(ledger: TurnLedger["Service"], seq: number): ReadonlySet<string> {
  const turns = new Set<string>();
  for (let after = seq; ; ) {
    const page = ledger.read(after, PAGE, ["MemoriesConsidered"]);
    for (const { open } of page) turns.add((open as { readonly turnId: string }).turnId);
    if (page.length < PAGE) return turns;
    after = page.at(-1)!.seq;
  }
}

/** The plain statements of a person's message, as memories of it; without credentials. */
function statedIn({ row, message }: Told) {
  if (!row.speaker?.startsWith("user:")) return [];
  const speaker = row.speaker as ActorName;
  const name = nameIn(message);
  const said = { text: wordOf(message.words, "text"), speaker: { id: idOf(speaker), name }, at: row.saidAt };
  return memoriesOf({ ...glean(said), requests: [] })
    .filter(({ content }) => !sensitivityOf(content).includes("credentials"))
    .map(({ statement: _statement, content, fact, ...formed }) => ({
      ...formed,
      ...{ content, basis: "drawn" as const, speaker, origin: row.origin, audience: row.audience },
      ...{ about: row.about, saidAt: row.saidAt, sourceSeqs: [row.seq], sources: [row.memoryId] },
      ...(row.sensitive ? { sensitive: true } : {}),
      words: Redacted.make({ content, speakerName: name, ...(fact === undefined ? {} : { fact }) }),
    }));
}

/** These memories with the messages that they are, oldest first: as many as fit, without those that are gone. */
const toldBy = Effect.fnUntraced(function* (rows: ReadonlyArray<MemoryRow>) {
  const ledger = yield* TurnLedger;
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  const readable = (yield* ledger.reveal(rows.map(({ seq }) => seq)))
    .filter(({ words }) => words !== Erased)
    .map(discreet);
  const fitting = newestWithin(readable.toReversed(), AT_ONCE.tokens).toReversed();
  return fitting.map((message): Told => ({ message, row: bySeq.get(message.event.seq)! }));
});
