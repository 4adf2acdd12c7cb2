/** Messages that one turn takes together: all of them are in its prompt, whatever else has to go. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { TooLong } from "#actors/agent/turn/failures.ts";
import { turnId } from "../support/given.ts";
import { type Answer, type GivenAnswer, Stage } from "../support/scripted.ts";

const prose = { says: ["Here I am."] };
const tooLong: GivenAnswer = { fails: new TooLong() };

/** The first question is answered while five more come in; then those are asked of a model that answers so. */
const asked = (answers: ReadonlyArray<Answer>, afterwards: (stage: Stage) => void = () => {}) =>
  Effect.gen(function* () {
    const stage = new Stage({ model: [[prose, ...answers]] });
    const first = stage.hear("first", "Question 0.");
    for (const index of [1, 2, 3, 4, 5]) stage.hear(`m${index}`, `Question ${index}.`);
    yield* stage.run(first);
    afterwards(stage);
    yield* stage.run(turnId("m1")); // gives its place to the newest
    yield* stage.run(turnId("m5"));
    return stage;
  });

const last = (stage: Stage) => stage.asked.at(-1)?.messages.at(-1);
const five = { role: "user", text: [1, 2, 3, 4, 5].map((index) => `Dana: Question ${index}.`).join("\n") };

describe("what was taken together", () => {
  it.effect("stands last in the prompt, behind the agent's own answer", () =>
    Effect.gen(function* () {
      const stage = yield* asked([prose]);
      expect(stage.asked.at(-1)?.messages).toEqual([
        { role: "user", text: "Dana: Question 0." },
        { role: "assistant", text: "Here I am.", calls: [] },
        five,
      ]);
    }),
  );

  it.effect("is in the prompt, though sixty others and long ones came behind it", () =>
    Effect.gen(function* () {
      const stage = yield* asked([prose], (here) => {
        for (let index = 0; index < 60; index++)
          here.hear(`aside-${index}`, `Aside ${"x".repeat(5_000)}`, { addressed: null });
      });
      expect(last(stage)).toMatchObject({ text: expect.stringMatching(new RegExp(`Aside x+\\n${five.text}$`)) });
    }),
  );

  it.effect("stays when the context is halved because no model could take it", () =>
    Effect.gen(function* () {
      const stage = yield* asked([tooLong, prose]);
      expect(stage.asked.at(-1)?.messages).toEqual([five]);
      expect(stage.posted.map(({ text }) => text)).toEqual(["Here I am.", "Here I am."]);
    }),
  );
});
