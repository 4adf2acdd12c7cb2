/** Whose words the notes of a room may hold: only of those who agreed, and only for as long as they do. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { userName } from "#events/kit/ids.ts";
import { type Desk, desk, MINUTE, rung, written } from "../support/desk.ts";
import { dana, eli, lobby, settings, words } from "../support/given.ts";

describe("a summary", () => {
  it.effect("leaves out who has not agreed to be remembered, and what is said of them", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.hear("boat", "My boat is called Nixe.", { authorId: userName(eli) });
      at.hear("of-eli", "Eli owns a Nixe.", { names: [eli] });
      at.count(28);
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ messages: 20, about: [dana] }]);
      expect(JSON.stringify([at.stage.asked, at.summaries()])).not.toContain("Nixe");
      expect(JSON.stringify(at.stage.asked)).toContain("Number 18.");
    }),
  );

  it.effect("says nothing where nobody has agreed, and no prompt shows it", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[written, { says: ["Hello."] }]] });
      for (let n = 0; n < 30; n++) at.hear(`quiet-${n}`, `Nixe ${n}.`, { authorId: userName(eli) });
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ messages: 20, by: "rules", text: "", about: [] }]);
      expect(at.stage.asked).toEqual([]);
      const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear("one")));
      yield* TestClock.adjust(MINUTE);
      yield* Fiber.join(turn);
      expect(at.stage.only("ContextAssembled")).toMatchObject({ summarySeq: null });
      expect(at.stage.only("ContextAssembled").messageSeqs).toHaveLength(31);
    }),
  );

  it.effect("is not made while memory is off, nor shown, nor made later of what was said then", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[written, { says: ["Hello."] }]] });
      at.count(30);
      yield* rung(at);
      const remembering = (memoryEnabled: boolean) =>
        at.stage.tell({
          ...{ type: "ReconfigureAgent", settings: { ...settings, memoryEnabled } },
          words: words({ systemPrompt: "Be kind.", description: "" }),
        });
      remembering(false);
      at.count(40);
      expect(at.due).toBeUndefined();
      const turn = yield* Effect.forkChild(at.stage.run(at.stage.hear("one")));
      yield* TestClock.adjust(MINUTE);
      yield* Fiber.join(turn);
      expect(at.stage.only("ContextAssembled")).toMatchObject({ summarySeq: null });
      remembering(true);
      at.count(20);
      yield* rung(at);
      const shown = JSON.stringify(at.stage.asked.at(-1));
      expect(shown).toContain("Number 71.");
      expect(shown).not.toContain("Number 31.");
    }),
  );
});

describe("the notes of a room", () => {
  const spoken = (at: Desk) => {
    at.stage.tell({ type: "NoteConsent", userId: eli, granted: true });
    at.hear("boat", "My boat is called Nixe.", { authorId: userName(eli) });
    at.count(29);
  };
  const summarySeqs = (at: Desk) =>
    at.stage.events().flatMap(({ type, seq }) => (type === "RoomSummarized" ? [seq] : []));

  it.effect("go with the consent of whom they tell of, in the same commit, and are made anew without them", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      spoken(at);
      yield* rung(at);
      at.count(20);
      yield* rung(at);
      const gone = summarySeqs(at);
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: false });
      expect(at.stage.only("SummariesForgotten")).toEqual({ roomId: lobby, seqs: gone, why: "withdrawn" });
      expect(at.stage.ledger.state.rooms[lobby]).toMatchObject({ summary: null, unsummarized: 50 });
      while (at.due !== undefined) yield* rung(at);
      const anew = at.summaries().slice(gone.length);
      expect(anew).toMatchObject([{ messages: 40, about: [dana] }]);
      expect(JSON.stringify(at.stage.asked.at(-1))).not.toContain("Nixe");
      expect(JSON.stringify(at.stage.asked.at(-1))).toContain("Number 1.");
    }),
  );

  it.effect("are not recorded when somebody took consent back while they were written", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ ...(written as object), paceMs: 1_000 }]] });
      spoken(at);
      at.ring();
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: false });
      yield* TestClock.adjust(MINUTE);
      expect(summarySeqs(at)).toEqual([]);
      yield* rung(at);
      expect(at.summaries()).toMatchObject([{ messages: 20, about: [dana] }]);
    }),
  );

  it.effect("are not recorded when a message was forgotten while they were written", () =>
    Effect.gen(function* () {
      const at = yield* desk({ model: [[{ ...(written as object), paceMs: 1_000 }]] });
      spoken(at);
      at.ring();
      at.stage.ledger.forget([at.said()[0]!]);
      yield* TestClock.adjust(MINUTE);
      expect(summarySeqs(at)).toEqual([]);
      yield* rung(at);
      expect(JSON.stringify(at.stage.asked.at(-1))).not.toContain("Nixe");
      expect(at.summaries()).toMatchObject([{ messages: 20, about: [dana] }]);
    }),
  );

  it.effect("stay, when somebody leaves whom they do not tell of", () =>
    Effect.gen(function* () {
      const at = yield* desk();
      at.count(30);
      yield* rung(at);
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: true });
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: false });
      at.stage.tell({ type: "ForgetSummaries", userId: eli }, "forget/eli");
      expect(at.stage.happened()).not.toContain("SummariesForgotten");
      at.stage.tell({ type: "ForgetSummaries", userId: dana }, "forget/dana");
      expect(at.stage.only("SummariesForgotten")).toMatchObject({ why: "erased" });
    }),
  );
});
