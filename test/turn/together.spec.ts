/** Messages that one turn takes together: all of them are in its prompt, whatever else has to go, and memory is asked about all of them. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { TooLong } from "#actors/agent/turn/failures.ts";
import { userName } from "#events/kit/ids.ts";
import { eli, messageId, turnId } from "../support/given.ts";
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

describe("a reply to what was taken together", () => {
  it.effect("names it all, however many verdicts the agent gave before it came to it", () =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[prose]] });
      const first = stage.hear("first", "Question 0.");
      for (const index of [1, 2]) stage.hear(`m${index}`, `Question ${index}.`);
      for (let index = 0; index < 1_001; index++) stage.hear(`aside-${index}`, "Aside.", { addressed: null });
      yield* stage.run(first);
      yield* stage.run(turnId("m1")); // gives its place to the newest
      yield* stage.run(turnId("m2"));
      expect(stage.posted.map(({ alsoInReplyTo }) => alsoInReplyTo)).toEqual([[], [messageId("m1")]]);
    }),
  );
});

describe("what memory is asked of messages that were taken together", () => {
  /** While one is answered, these come in; then they are answered together, by whoever wrote them. */
  const asks = (...messages: ReadonlyArray<readonly [text: string, by?: typeof eli]>) =>
    Effect.gen(function* () {
      const stage = new Stage({ model: [[prose]] });
      const first = stage.hear("first", "Question 0.");
      for (const [index, [text, by]] of messages.entries())
        stage.hear(`m${index}`, text, by === undefined ? {} : { authorId: userName(by) });
      yield* stage.run(first);
      yield* stage.run(turnId("m0")); // gives its place to the newest
      yield* stage.run(turnId(`m${messages.length - 1}`));
      return stage.searched.slice(1);
    });

  it.effect("is all of it in one question, the newest last", () =>
    Effect.gen(function* () {
      expect(yield* asks(["Where is the boat?"], ["And the oars?"], ["Ada?"])).toEqual([
        { text: "Where is the boat?\nAnd the oars?\nAda?" },
      ]);
    }),
  );

  it.effect("is the newest of it where it is more than a search reads", () =>
    Effect.gen(function* () {
      const long = (letter: string) => letter.repeat(600);
      expect(yield* asks([long("a")], [long("b")], ["Ada?"])).toEqual([{ text: `${long("b")}\nAda?` }]);
      expect(yield* asks(["Ada?"], [long("c").repeat(2)])).toEqual([{ text: long("c").repeat(2) }]);
    }),
  );

  it.effect("says what the asker's own part is where others ask too: their I is somebody else", () =>
    Effect.gen(function* () {
      expect(yield* asks(["Where do I live?", eli], ["And what is my job?"])).toEqual([
        { text: "Where do I live?\nAnd what is my job?", own: "And what is my job?" },
      ]);
    }),
  );
});
