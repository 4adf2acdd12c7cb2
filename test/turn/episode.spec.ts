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
