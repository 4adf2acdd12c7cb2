/** The agent's own answer as an episode: what it was given with is linked to it, and of erased words nothing is kept. */
import { expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { Stage } from "../support/scripted.ts";

it.effect("is none where the words that it answers are erased while it is written", () =>
  Effect.gen(function* () {
    const erases = { is: false };
    const stage: Stage = new Stage({
      model: [
        [
          () => {
            const asked = stage.events().findLast(({ type }) => type === "MessageReceived")!;
            if (erases.is) stage.ledger.forget([asked.seq]);
            return { says: ["It is noon."] };
          },
        ],
      ],
    });
    const episodes = () => stage.events().filter(({ type }) => type === "MemoryFormed").length;
    yield* stage.run(stage.hear("one"));
    expect(episodes()).toBe(1);
    erases.is = true;
    yield* stage.run(stage.hear("two"));
    expect([stage.posts, episodes()]).toEqual([2, 1]);
  }),
);
