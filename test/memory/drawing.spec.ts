/** What is drawn from what was said, when nobody waits, by a model or by rules: only of who agreed, only what stands up, once, and within the budget. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { DRAW_MEMORIES } from "#actors/agent/memory/drawing.ts";
import { Overloaded, Refused } from "#actors/agent/turn/failures.ts";
import { agentName, type UserId, userName } from "#events/kit/ids.ts";
import { bo, dana, eli, lobby, memoryId, settings, words } from "../support/given.ts";
import { type JobDesk, jobDesk, played, rang } from "../support/job-desk.ts";
import type { GivenAnswer } from "../support/scripted.ts";

const HALF_AN_HOUR = 30 * 60_000;
const by = { provider: "anthropic", model: "claude-really" };
const boat = {
  ...{ content: "Dana's boat is called Nixe.", kind: "semantic", about: ["Dana"], sources: [1], importance: 0.7 },
};
/** A model that found these. */
const found = (...facts: ReadonlyArray<unknown>): GivenAnswer => ({ says: [JSON.stringify({ facts })], by });
const says = (text: string): GivenAnswer => ({ says: [text], by });
const overheard = (at: JobDesk, label: string, text: string, over: object = {}) =>
  at.hear(label, text, { addressed: null, ...over });
const drawn = (at: JobDesk) => at.formed("semantic");
const here = (name: string, userId: UserId) => ({ userId, name, isHere: true });
const shown = (at: JobDesk): string => JSON.stringify(at.stage.asked);

describe("after half an hour without a message", () => {
  it.effect("a room is looked through, and every message puts it off", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      expect(at.due(DRAW_MEMORIES)).toBe(HALF_AN_HOUR);
      at.stage.now = 60_000;
      overheard(at, "two", "She leaks.");
      expect(at.due(DRAW_MEMORIES)).toBe(60_000 + HALF_AN_HOUR);
    }),
  );

  it.effect("what a model finds becomes memories with their sources, and with whoever said them", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found({ ...boat, validFrom: "2026-05-01" })]] });
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toMatchObject([
        {
          ...{ content: "Dana's boat is called Nixe.", importance: 0.7, basis: "drawn", origin: "person" },
          ...{ about: [dana], speaker: userName(dana), sources: [memoryId("one")], roomId: lobby, audience: "public" },
          validFrom: Date.UTC(2026, 4, 1),
        },
      ]);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({
        ...{ looked: 1, drawn: 1, dropped: 0, by: "anthropic/claude-really", tokensIn: 10, tokensOut: 5, microUsd: 15 },
      });
      expect(at.stage.ledger.state.day.agent).toMatchObject({ tokens: 15, microUsd: 15 });
      expect(at.due(DRAW_MEMORIES)).toBeUndefined();
    }),
  );

  it.effect("what was looked through is not looked through again", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      overheard(at, "two", "It rains.");
      yield* rang(at, DRAW_MEMORIES);
      expect(at.stage.asked).toHaveLength(2);
      expect(JSON.stringify(at.stage.asked[1])).not.toContain("Nixe");
      expect(JSON.stringify(at.stage.asked[1])).toContain("It rains.");
    }),
  );

  it.effect.each(["before", "after"] as const)("it is drawn once, though the process died %s it was recorded", (when) =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      const { along } = at.stage;
      at.stage.restart({ commit: 3, when });
      at.stage.along = along;
      yield* rang(at, DRAW_MEMORIES);
      at.wake();
      if (at.due(DRAW_MEMORIES) !== undefined) yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toHaveLength(1);
      expect(at.stage.happened().filter((type) => type === "MemoriesDrawn")).toHaveLength(1);
    }),
  );

  it.effect("long talks are looked through part by part", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found()]] });
      for (let n = 0; n < 130; n++) overheard(at, `part-${n}`, `Number ${n}.`);
      for (let n = 0; n < 3; n++) yield* rang(at, DRAW_MEMORIES);
      const looked = at.stage.events().filter(({ type }) => type === "MemoriesDrawn");
      expect(looked.map(({ open }) => (open as { looked: number }).looked)).toEqual([60, 60, 10]);
      expect(at.due(DRAW_MEMORIES)).toBeUndefined();
    }),
  );
});

const said = "I moved to Rome. The door code is 4471.";
const rome = {
  content: "Dana lives in Rome",
  basis: "drawn",
  origin: "person",
  about: [dana],
  speaker: userName(dana),
};

describe("the rules draw what was only heard", () => {
  it.effect.each<[string, Parameters<typeof jobDesk>[0]]>([
    ["the stand-in answers", { model: [[{ says: [JSON.stringify({ facts: [boat] })] }]] }],
    ["no money is left", { model: [[found(boat)]], settings: { budget: { room: { tokens: 100 } } } }],
    ["the model refuses", { model: [[{ fails: new Refused({}) }]] }],
  ])("where %s, once and for nothing", ([_where, script]) =>
    Effect.gen(function* () {
      const at = yield* jobDesk(script);
      overheard(at, "one", said);
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toMatchObject([
        { ...rome, roomId: lobby, sources: [memoryId("one")], attribute: "home", audience: "public" },
      ]);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({ looked: 1, drawn: 1, by: "rules", microUsd: 0 });
      expect([at.due(DRAW_MEMORIES), at.reports]).toEqual([undefined, []]);
      overheard(at, "two", "It rains.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toHaveLength(1);
    }),
  );

  it.effect("and nothing of what a turn has gone over, nor of what agents said", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[{ says: ["I see."] }]] });
      yield* played(at, at.hear("answered", "Ada, I moved to Oslo."));
      overheard(at, "bo", "I moved to Paris.", { authorId: agentName(bo) });
      overheard(at, "one", said);
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual([rome.content]);
    }),
  );

  it.effect("in words whose ids and open parts say nothing of them", () =>
    Effect.gen(function* () {
      const ids = yield* Effect.forEach([said, "I moved to Oslo."], (text) =>
        Effect.gen(function* () {
          const at = yield* jobDesk({ model: [[{ says: ["Hm."] }]] });
          overheard(at, "one", text);
          yield* rang(at, DRAW_MEMORIES);
          expect(JSON.stringify(at.stage.events().map(({ open }) => open))).not.toMatch(/Rome|Oslo/);
          return drawn(at).map((memory) => memory.memoryId);
        }),
      );
      expect(ids[0]).toHaveLength(1);
      expect(ids[0]).toEqual(ids[1]);
    }),
  );
});

describe("what a model draws", () => {
  it.effect("is known by where it stands and not by its words, and by the name of who said it", () =>
    Effect.gen(function* () {
      const kept = yield* Effect.forEach([boat.content, "Dana owns a boat."], (content) =>
        Effect.gen(function* () {
          const at = yield* jobDesk({ model: [[found({ ...boat, content })]] });
          overheard(at, "one", "My boat is called Nixe.");
          yield* rang(at, DRAW_MEMORIES);
          const [memory] = drawn(at);
          const row = at.memory.register.find(memory!.memoryId)!;
          const [opened] = yield* at.memory.open([{ row, similarity: 0, relevance: 0 }]);
          expect(opened!.words.words).toEqual({ content, speakerName: "Dana" });
          return memory!.memoryId;
        }),
      );
      expect(kept[0]).toBe(kept[1]);
    }),
  );
});

describe("nothing is drawn", () => {
  it.effect("from people who have not agreed, nor from what names them", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "eli", "My boat is called Nixe.", { authorId: userName(eli) });
      overheard(at, "of-eli", "Eli's boat is called Nixe.", { names: [eli] });
      yield* rang(at, DRAW_MEMORIES);
      expect([at.stage.asked, drawn(at)]).toEqual([[], []]);
      overheard(at, "one", "It rains.");
      yield* rang(at, DRAW_MEMORIES);
      expect(at.stage.asked).toHaveLength(1);
      expect(shown(at)).not.toContain("Nixe");
    }),
  );

  it.effect("of who took consent back while the model was thinking", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[{ ...(found(boat) as object), paceMs: 1_000 }]] });
      overheard(at, "one", "My boat is called Nixe.");
      at.ring(DRAW_MEMORIES);
      at.stage.tell({ type: "NoteConsent", userId: dana, granted: false });
      yield* rang(at, DRAW_MEMORIES);
      expect(at.stage.asked).toHaveLength(1);
      expect(drawn(at)).toEqual([]);
    }),
  );

  it.effect(
    "of a talk from which somebody took consent back while the model was thinking; it is looked through anew",
    () =>
      Effect.gen(function* () {
        const of = (content: string) => found({ ...boat, content, sources: [1] });
        const slow = { ...(of("Dana knows that he is ill.") as object), paceMs: 1_000 };
        const at = yield* jobDesk({ model: [[slow, of("Dana's boat is called Nixe.")]] });
        at.stage.tell({ type: "NoteConsent", userId: eli, granted: true });
        overheard(at, "one", "My boat is called Nixe.");
        overheard(at, "eli", "I am ill.", { authorId: userName(eli) });
        at.ring(DRAW_MEMORIES);
        at.stage.tell({ type: "NoteConsent", userId: eli, granted: false });
        yield* rang(at, DRAW_MEMORIES);
        yield* rang(at, DRAW_MEMORIES);
        expect(drawn(at).map(({ content }) => content)).toEqual(["Dana's boat is called Nixe."]);
        expect(JSON.stringify(at.stage.asked.at(-1))).not.toContain("I am ill.");
      }),
  );

  it.effect(
    "of a talk of which a message was forgotten while the model was thinking, whichever it says it drew from",
    () =>
      Effect.gen(function* () {
        const slow = { ...(found({ ...boat, content: "Dana is ill." }) as object), paceMs: 1_000 };
        const at = yield* jobDesk({ model: [[slow, found(boat)]] });
        overheard(at, "one", "My boat is called Nixe.");
        overheard(at, "two", "I am ill.");
        at.ring(DRAW_MEMORIES);
        at.memory.forgetting.together([at.memory.register.find(memoryId("two"))!], "asked", "two");
        yield* rang(at, DRAW_MEMORIES);
        yield* rang(at, DRAW_MEMORIES);
        expect(drawn(at).map(({ content }) => content)).toEqual([boat.content]);
      }),
  );

  it.effect("that names somebody of the room who has not agreed, by whichever of their names", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({
        model: [
          [found(boat, { ...boat, about: ["Smith"], content: "He is ill." }, { ...boat, content: "Smith is ill." })],
        ],
      });
      at.attendance = () => [here("Dana", dana), { ...here("Eli Smith", eli), isHere: false }];
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual([boat.content]);
    }),
  );

  it.effect("of which nobody can say whom it names: two go by that name", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({
        model: [[found(boat, { ...boat, content: "The boat is called Nixe.", about: [] })]],
      });
      at.attendance = () => [here("Dana Levi", dana), here("Dana Ek", eli)];
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: true });
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual(["The boat is called Nixe."]);
    }),
  );

  it.effect("in a crowd, of which no model is asked; nor before the room has said who is there", () =>
    Effect.gen(function* () {
      const crowd = yield* jobDesk({ model: [[found(boat)]] });
      crowd.attendance = () => null;
      overheard(crowd, "one", "My boat is called Nixe.");
      yield* rang(crowd, DRAW_MEMORIES);
      expect([crowd.stage.asked, crowd.due(DRAW_MEMORIES)]).toEqual([[], undefined]);
      const silent = yield* jobDesk({ model: [[found(boat)]] });
      const { attendance } = silent;
      silent.attendance = () => {
        throw new Error("the room is away");
      };
      overheard(silent, "one", "My boat is called Nixe.");
      yield* rang(silent, DRAW_MEMORIES);
      expect(silent.stage.asked).toEqual([]);
      silent.attendance = attendance;
      yield* rang(silent, DRAW_MEMORIES);
      expect(drawn(silent)).toHaveLength(1);
    }),
  );

  it.effect("about anybody who has not agreed, whoever says it may be", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk();
      const memory = (label: string, about: ReadonlyArray<typeof dana>) => ({
        ...({ kind: "semantic", basis: "drawn", origin: "person", audience: "public", importance: 0.5 } as const),
        ...{ memoryId: memoryId(label), about, speaker: null, roomId: lobby, sourceSeqs: [] },
        words: words({ content: label }),
      });
      const told = { roomId: lobby, toSeq: 1, looked: 1, dropped: 0, by: "x/y", microUsd: null } as const;
      at.stage.tell({
        ...{ type: "DrawMemories", ...told },
        ...{ shown: [dana], memories: [memory("hers", [dana]), memory("theirs", [dana, eli])] },
      });
      expect(drawn(at).map(({ content }) => content)).toEqual(["hers"]);
      const theirs = { shown: [dana, eli], memories: [memory("of a talk with them", [dana])] };
      at.stage.tell({ type: "DrawMemories", ...told, toSeq: 2, ...theirs });
      expect(drawn(at)).toHaveLength(1);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({ drawn: 1, dropped: 1 });
    }),
  );

  it.effect("while memory is off", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      at.stage.tell({
        ...{ type: "ReconfigureAgent", settings: { ...settings, memoryEnabled: false } },
        words: words({ systemPrompt: "", description: "" }),
      });
      overheard(at, "two", "She leaks.");
      yield* rang(at, DRAW_MEMORIES);
      expect([at.stage.asked, drawn(at), at.due(DRAW_MEMORIES)]).toEqual([[], [], undefined]);
    }),
  );

  it.effect("that only other agents said", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found({ ...boat, about: [] })]] });
      overheard(at, "bo", "Dana's boat is called Nixe.", { authorId: agentName(bo), answers: dana });
      overheard(at, "one", "It rains.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toEqual([]);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({ drawn: 0, dropped: 1 });
    }),
  );
});

describe("an answer", () => {
  it.effect.each<[string, GivenAnswer]>([
    ["is prose", says("Sure! Dana has a boat.")],
    ["is another object", says('{"memories": []}')],
    ["was cut short", { ...(found(boat) as object), finish: "length" }],
    ["is far too long", says(JSON.stringify({ facts: [boat], why: "x".repeat(40_000) }))],
  ])("that %s is dropped and reported, and paid for", ([_how, answer]) =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[answer]] });
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toEqual([]);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({ drawn: 0, dropped: 1, microUsd: 15 });
      expect(at.reports).toHaveLength(1);
    }),
  );

  it.effect("loses what does not stand up, and keeps the rest", () =>
    Effect.gen(function* () {
      const bad = [
        { ...boat, sources: [] },
        { ...boat, sources: [2] },
        { ...boat, sources: [0] },
        { ...boat, importance: 7 },
        { ...boat, kind: "episodic" },
        { ...boat, content: "x".repeat(301) },
        { ...boat, content: "Dana's password is hunter2hunter2." },
        { ...boat, validFrom: "soon" },
        "a fact",
        null,
      ];
      const at = yield* jobDesk({ model: [[found(...bad, boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual([boat.content]);
      expect(at.stage.only("MemoriesDrawn")).toMatchObject({ drawn: 1, dropped: bad.length });
    }),
  );

  it.effect("gives twenty facts at most", () =>
    Effect.gen(function* () {
      const many = Array.from({ length: 30 }, (_, n) => ({ ...boat, content: `Dana's boat no. ${n} is called Nixe.` }));
      const at = yield* jobDesk({ model: [[found(...many)]] });
      overheard(at, "one", "My boats are called Nixe.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toHaveLength(20);
    }),
  );
});

describe("a model that fails", () => {
  it.effect("in passing is asked again later", () =>
    Effect.gen(function* () {
      const busy = yield* jobDesk({ model: [[{ fails: new Overloaded({}) }, found(boat)]] });
      overheard(busy, "one", "My boat is called Nixe.");
      yield* rang(busy, DRAW_MEMORIES);
      expect(drawn(busy)).toEqual([]);
      yield* rang(busy, DRAW_MEMORIES);
      expect(drawn(busy)).toHaveLength(1);
    }),
  );
});
