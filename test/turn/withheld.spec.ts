/** What the content rules keep back stays back, in every later request of the turn, and costs no request more. */
import { describe, expect, it } from "@effect/vitest";
import { Duration, Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { Cut } from "#actors/agent/turn/failures.ts";
import { type Script, Stage } from "../support/scripted.ts";

const clock = { replay: "pure", run: () => Effect.succeed('"noon"') } as const;

/** A turn to its end, in one run: a fiber that fails would rest until the next heartbeat, and pay for another answer. */
const played = (script: Script) =>
  Effect.gen(function* () {
    const stage = new Stage(script);
    const running = yield* Effect.forkChild(stage.run(stage.hear("one")));
    yield* TestClock.adjust(Duration.minutes(1));
    yield* Fiber.join(running);
    const shown = stage.signs.flatMap((sign) => (sign.event === "agent_message" ? [sign.delta ?? ""] : []));
    return { stage, shown };
  });

const notice = { notice: true, text: expect.stringContaining("content rules did not let it pass") };

describe("a reply that is withheld", () => {
  it.effect("in a stream that is cut is asked for once more, and withheld by another rule as well", () =>
    Effect.gen(function* () {
      const { stage, shown } = yield* played({
        model: [[{ fails: new Cut(), after: ["Say alpha now. "] }, { says: ["A badword there. ", "More."] }]],
        listed: ["badword"],
        flags: (text) => (text.includes("alpha") ? ["violence"] : []),
      });
      expect(stage.asked).toHaveLength(2);
      expect(stage.only("ReplyWithheld").rules).toEqual(["moderation/violence"]);
      expect([stage.posted, shown]).toMatchObject([[notice], []]);
      expect(stage.only("TurnFailed").reason).toBe("Withheld");
    }),
  );

  it.effect("in one round shows nothing of the next: its answer could not be posted", () =>
    Effect.gen(function* () {
      const { stage, shown } = yield* played({
        model: [[{ says: ["Yes. ", "A badword here. "], calls: [["clock", {}]] }], [{ says: ["It is noon. "] }]],
        ...{ tools: { clock }, listed: ["badword"] },
      });
      expect(shown.join("")).toBe("Yes. ");
      expect(stage.posted).toMatchObject([notice]);
    }),
  );

  it.effect("is not let go because somebody stops the turn, though the whole sounds better", () =>
    Effect.gen(function* () {
      const opinions = [["violence"]]; // and nothing against it when it is asked again
      const stage = new Stage({
        model: [[{ says: ["Say alpha now. "], calls: [["clock", {}]] }], ["silence"]],
        ...{ tools: { clock }, flags: (text) => (text.startsWith("Say") ? (opinions.shift() ?? []) : []) },
      });
      const id = stage.hear("one");
      const running = yield* Effect.forkChild(stage.run(id));
      yield* TestClock.adjust(Duration.seconds(1));
      yield* stage.stop(id);
      yield* Fiber.interrupt(running);
      yield* stage.run(id);
      expect(stage.posted).toEqual([]);
      expect(stage.happened().at(-1)).toBe("TurnStopped");
    }),
  );
});
