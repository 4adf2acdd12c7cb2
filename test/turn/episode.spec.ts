/** The agent's own answer as an episode: what it was written with comes along, as it can still be read when it is posted. */
import { expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { Erased, type Unsealed } from "#events/kit/envelope.ts";
import { lobby, words } from "../support/given.ts";
import { Stage } from "../support/scripted.ts";

const textOf = ({ words: said }: Unsealed) => (said === Erased ? "erased" : said["text"]);
const heardLast = (stage: Stage) => stage.events().findLast(({ type }) => type === "MessageReceived")!.seq;

it.effect(
  "comes with the question and all other messages and notes that were shown, and is linked to what it repeats",
  () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[{ says: ["It is noon."] }]] });
      stage.hear("aside", "The ferry leaves at seven.", { addressed: null });
      const aside = heardLast(stage);
      stage.tell({
        ...{ type: "SummarizeRoom", roomId: lobby, fromSeq: 1, toSeq: 1, messages: 1, by: "rules", microUsd: 0 },
        ...{ about: [], after: null, words: words({ text: "They spoke of boats." }) },
      });
      const notes = stage.ledger.head;
      yield* stage.run(stage.hear("one"));
      const [answer] = stage.given;
      expect([textOf(answer!.asked), ...answer!.shown.map(textOf)]).toEqual([
        "Ada, one?",
        "The ferry leaves at seven.",
        "They spoke of boats.",
      ]);
      expect(stage.only("MemoryFormed")).toMatchObject({ sourceSeqs: expect.arrayContaining([aside, notes]) });
    }),
);

it.effect("shows as erased what was erased while it was written, and not what had been before", () =>
  Effect.gen(function* () {
    const stage: Stage = new Stage({
      model: [
        [
          () => {
            stage.ledger.forget([late]);
            return { says: ["It is noon."] };
          },
        ],
      ],
    });
    stage.hear("early", "The ferry leaves at seven.", { addressed: null });
    stage.ledger.forget([heardLast(stage)]);
    stage.hear("late", "My boat is called Nixe.", { addressed: null });
    const late = heardLast(stage);
    yield* stage.run(stage.hear("one"));
    expect(stage.given[0]!.shown.map(textOf)).toEqual(["erased"]);
    expect(stage.only("ContextAssembled").messageSeqs).toHaveLength(2);
  }),
);

it.effect("and what people ask to be remembered in messages that are answered together is remembered of each", () =>
  Effect.gen(function* () {
    const stage = new Stage({
      model: [[{ says: ["It is noon."] }]],
      forms: (text) =>
        text.includes("boat") ? [{ kind: "semantic", content: text, importance: 0.8, basis: "asked" }] : [],
    });
    const one = stage.hear("one");
    stage.hear("two", "Ada, my boat is blue.");
    const seq = heardLast(stage);
    const three = stage.hear("three", "Ada, and what is the time?");
    yield* stage.run(one);
    yield* stage.run(three);
    expect(stage.posts).toBe(2);
    const asked = stage
      .events()
      .flatMap(({ type, open }) =>
        type === "MemoryFormed" && (open as { basis?: string }).basis === "asked" ? [open] : [],
      );
    expect(asked).toMatchObject([{ sourceSeqs: [seq], turnId: three }]);
  }),
);
