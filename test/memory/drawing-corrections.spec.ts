/** What the owner makes of a message that is remembered, before it is looked through or while a model thinks about it: nothing is drawn from what it said. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { DRAW_MEMORIES } from "#actors/agent/memory/drawing.ts";
import { userName } from "#events/kit/ids.ts";
import { dana, memoryId, words } from "../support/given.ts";
import { type JobDesk, jobDesk, rang } from "../support/job-desk.ts";
import type { GivenAnswer } from "../support/scripted.ts";

const by = { provider: "anthropic", model: "claude-really" };
const boat = {
  ...{ content: "Dana's boat is called Nixe.", kind: "semantic", about: ["Dana"], sources: [1], importance: 0.7 },
};
const said = "I moved to Rome.";
/** A model that found these. */
const found = (...facts: ReadonlyArray<unknown>): GivenAnswer => ({ says: [JSON.stringify({ facts })], by });
const says = (text: string): GivenAnswer => ({ says: [text] });
const overheard = (at: JobDesk, label: string, text: string) => at.hear(label, text, { addressed: null });
const drawn = (at: JobDesk) => at.formed("semantic");
/** A model that takes its time. */
const pondering = (answer: GivenAnswer): GivenAnswer => ({ ...(answer as object), paceMs: 1_000 });
/** The owner gives a message that is remembered other words, or other facts. */
const corrected = (at: JobDesk, label: string, content?: string, over: object = {}) => {
  const { memoryId: id, version, seq } = at.memory.register.find(memoryId(label))!;
  at.stage.tell({
    ...{ type: "ReviseMemory", memoryId: id, kind: "episodic", importance: 0.3, about: [dana], basis: "said" },
    ...{ origin: "owner", audience: "public", speaker: userName(dana), version, replacesSeq: seq, ...over },
    ...(content === undefined ? {} : { words: words({ content }) }),
  });
};

describe("nothing is drawn", () => {
  it.effect.each<readonly [string, ReadonlyArray<GivenAnswer>, ReadonlyArray<string>]>([
    ["a model", [pondering(found({ ...boat, content: "Dana lives in Rome." })), found(boat)], [boat.content]],
    ["the rules, for the stand-in answers", [pondering(says("Hm."))], ["Dana's boat is Nixe"]],
  ])("of words that the owner corrected while the model was thinking, by %s", ([_who, answers, left]) =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [answers] });
      overheard(at, "one", "My boat is called Nixe.");
      overheard(at, "two", said);
      at.ring(DRAW_MEMORIES);
      corrected(at, "two", "Dana moved to Oslo.");
      yield* rang(at, DRAW_MEMORIES);
      if (at.due(DRAW_MEMORIES) !== undefined) yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual(left);
      expect(at.stage.asked.slice(1).map((prompt) => JSON.stringify(prompt))).not.toContainEqual(
        expect.stringMatching(/Rome/),
      );
      expect(at.due(DRAW_MEMORIES)).toBeUndefined();
    }),
  );

  it.effect("of what the owner made of a message, which stands for itself; the others are looked through", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[found(boat)]] });
      overheard(at, "one", "My boat is called Nixe.");
      overheard(at, "two", said);
      corrected(at, "two", "Dana moved to Oslo.");
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at).map(({ content }) => content)).toEqual([boat.content]);
      expect(JSON.stringify(at.stage.asked)).not.toMatch(/Rome|Oslo/);
      expect([at.reports, at.due(DRAW_MEMORIES)]).toEqual([[], undefined]);
    }),
  );

  it.effect("that is less guarded than its source, where that was called sensitive while the model was thinking", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: [[pondering(found(boat))]] });
      overheard(at, "one", "My boat is called Nixe.");
      at.ring(DRAW_MEMORIES);
      corrected(at, "one", undefined, { sensitive: true });
      yield* rang(at, DRAW_MEMORIES);
      expect(drawn(at)).toMatchObject([{ content: boat.content, sensitive: true }]);
    }),
  );
});
