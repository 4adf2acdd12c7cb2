/** Who may be meant in a room, and what is made of a message by that: nothing, where nobody can say whom it names. */
import { describe, expect, it } from "@effect/vitest";
import { Effect, Fiber } from "effect";
import { TestClock } from "effect/testing";
import { Attendance } from "#actors/agent/memory/attendance.ts";
import type { Present } from "#actors/kit/doors.ts";
import { type UserId, userName } from "#events/kit/ids.ts";
import { dana, eli, lobby } from "../support/given.ts";
import { said as asked } from "../support/ingredients.ts";
import { World } from "../support/rememberer.ts";

const present = (name: string, userId: UserId, isHere = true): Present => ({ userId, name, isHere });
const both = [present("Dana Levi", dana), present("Eli Ek", eli, false)];

describe("a room", () => {
  it.effect("is asked who is there when it has said nothing in this life, and then no more", () =>
    Effect.gen(function* () {
      let asked = 0;
      const attendance = new Attendance(async () => {
        asked += 1;
        return both;
      });
      expect([attendance.here(lobby), attendance.named("Eli is ill.", lobby)]).toEqual([null, undefined]);
      expect([yield* attendance.known(lobby), yield* attendance.known(lobby), asked]).toEqual([true, true, 1]);
      expect([attendance.here(lobby), attendance.named("I saw Eli.", lobby)]).toEqual([[dana], [eli]]);
      attendance.left(lobby);
      yield* attendance.known(lobby);
      expect(asked).toBe(2);
    }),
  );

  it.effect(
    "that has said it meanwhile is believed, not its older answer; one that does not answer is a room unknown",
    () =>
      Effect.gen(function* () {
        const attendance: Attendance = new Attendance(async () => {
          attendance.told(lobby, [present("Dana Levi", dana)]);
          return both;
        });
        expect(yield* attendance.known(lobby)).toBe(true);
        expect(attendance.named("I saw Eli.", lobby)).toEqual([]);
        const away = new Attendance(() => Promise.reject(new Error("away")));
        expect(yield* away.known(lobby)).toBe(false);
        expect([away.named("I saw Eli.", lobby), away.named("I like the sea.", lobby)]).toEqual([undefined, []]);
      }),
  );

  it.effect("that does not answer within two seconds is a room unknown, and what it says too late is not kept", () =>
    Effect.gen(function* () {
      const late = Promise.withResolvers<ReadonlyArray<Present>>();
      const asked: Array<Promise<ReadonlyArray<Present>>> = [late.promise, Promise.resolve(both)];
      const attendance = new Attendance(() => asked.shift()!);
      const known = yield* Effect.forkChild(attendance.known(lobby));
      yield* TestClock.adjust(1_999);
      expect(known.pollUnsafe()).toBeUndefined();
      yield* TestClock.adjust(1);
      expect(yield* Fiber.join(known)).toBe(false);
      late.resolve([present("Dana Levi", dana)]);
      yield* Effect.promise(() => late.promise);
      expect([attendance.here(lobby), attendance.named("I saw Eli.", lobby)]).toEqual([null, undefined]);
      expect([yield* attendance.known(lobby), attendance.named("I saw Eli.", lobby)]).toEqual([true, [eli]]);
    }),
  );
});

describe("whoever writes of others", () => {
  it("asks everybody who may be meant, in whatever case", () => {
    const attendance = new Attendance(async () => both);
    attendance.told(lobby, both);
    for (const text of ["Eli loves jazz.", "eli loves jazz.", "Ask ELI."])
      expect(attendance.acquaintances(text)).toEqual([eli]);
    expect(attendance.acquaintances("Jazz is loved.")).toEqual([]);
  });
});

describe("of a message", () => {
  const formed = (text: string, people: ReadonlyArray<Present> | null) => {
    const woken = new World().begin();
    woken.memory.attendance.told(lobby, people);
    const said = { text, roomId: lobby, authorId: userName(dana), authorName: "Dana Levi", at: 0 };
    const { episode, form } = woken.memory.former();
    return Effect.map(
      Effect.all([episode(userName(dana), { ...said, asked: asked("?"), given: [], shown: [] }), form(said)]),
      ([message, drawn]) => ({
        names: message?.names,
        drawn: drawn.map(({ content, names }) => [content, names]),
      }),
    );
  };

  it.effect("who is named in it is named in what is drawn from it, where they stand there", () =>
    Effect.gen(function* () {
      expect(yield* formed("I saw Ek. I moved to Bern last month.", both)).toEqual({
        ...{ names: [eli], drawn: [[expect.stringMatching(/Bern/), []]] },
      });
    }),
  );

  it.effect(
    "nothing is made where it may name one of two; its author's name stands in what is drawn beyond doubt",
    () =>
      Effect.gen(function* () {
        const two = [...both, present("Dana Levi", "user_other" as UserId)];
        expect(yield* formed("Dana is ill. I moved to Bern last month.", two)).toEqual({ names: undefined, drawn: [] });
        expect(yield* formed("I moved to Bern last month.", two)).toEqual({
          ...{ names: [], drawn: [[expect.stringMatching(/Dana Levi.*Bern/), []]] },
        });
      }),
  );

  it.effect("nothing is made in a crowd, where it may name anybody", () =>
    Effect.gen(function* () {
      expect(yield* formed("I moved to Bern last month.", null)).toEqual({ names: undefined, drawn: [] });
      expect(yield* formed("I like the sea.", null)).toMatchObject({ names: [] });
    }),
  );
});
