/** What an agent learns of its tools by using them: of remembered turns alone, as it stands today, and recalled one at a time by the tools at hand. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { LEARN_FROM_TOOLS } from "#actors/agent/memory/practice.ts";
import { BadInput } from "#actors/agent/turn/failures.ts";
import { userName } from "#events/kit/ids.ts";
import { dana, eli, lobby, words } from "../support/given.ts";
import { type JobDesk, jobDesk, played, rang } from "../support/job-desk.ts";
import type { Script } from "../support/scripted.ts";

const works = { replay: "pure", run: () => Effect.succeed("80") } as const;
const breaks = { replay: "pure", run: () => Effect.fail(new BadInput({ detail: "no" })) } as const;
const calls = (...tools: ReadonlyArray<readonly [string, unknown]>): Script["model"] => [
  [{ calls: tools }],
  [{ says: ["Done."] }],
];
const sum: readonly [string, unknown] = ["calculator", { expression: "12.5% of 640" }];

/** Works or fails, turn by turn; then as the last time. */
const turnwise = (...turns: ReadonlyArray<boolean>) => {
  let turn = 0;
  const run = () => (turns[Math.min(turn++, turns.length - 1)] ? works.run() : breaks.run());
  return { replay: "pure", run } as const;
};

/** The lessons that stand, with their words as they stand. */
const lessons = Effect.fnUntraced(function* (at: JobDesk) {
  const rows = at.memory.register.where("m.basis = 'observed' AND m.state = 'live'", [], 50, "m.formed_seq");
  const opened = yield* at.memory.open(rows.map((row) => ({ row, similarity: 0, relevance: 0 })));
  return opened.map(({ row, content }) => ({ ...row, content }));
});

/** The lessons among what comes to mind. */
const reminded = Effect.fnUntraced(function* (at: JobDesk, text = "Good morning.") {
  const question = { text, limit: 8, roomId: lobby, asker: "", without: [] };
  const { memories } = yield* at.memory.recall().search(question);
  const ids = new Set((yield* lessons(at)).map(({ memoryId }) => memoryId));
  return memories.filter(({ memoryId }) => ids.has(memoryId)).map(({ content }) => content);
});

const granting = (at: JobDesk, ...names: ReadonlyArray<string>) =>
  at.stage.tell({ type: "GrantTools", tools: names.map((name) => ({ name, mode: "allow" })) });

/** So many turns with these tools, each learned from. */
const practised = Effect.fnUntraced(function* (at: JobDesk, turns: number, over: object = {}) {
  for (let n = 0; n < turns; n++) {
    yield* played(at, at.hear(`turn-${at.stage.ledger.head}`, "Ada, please.", over));
    if (at.due(LEARN_FROM_TOOLS) !== undefined) yield* rang(at, LEARN_FROM_TOOLS);
  }
});

describe("a tool that was used", () => {
  it.effect("is remembered with the form of its arguments, once, and not with what they say", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 2);
      expect(at.formed("procedural")).toHaveLength(1);
      expect(yield* lessons(at)).toMatchObject([
        {
          content: 'The tool calculator worked 2 of 2 times with arguments of the form {"expression":string}.',
          ...{
            kind: "procedural",
            origin: "tool",
            about: [],
            speaker: null,
            version: 2,
            importance: expect.closeTo(3 / 4, 4),
          },
        },
      ]);
      expect(JSON.stringify(yield* lessons(at))).not.toContain("640");
      expect(at.due(LEARN_FROM_TOOLS)).toBeUndefined();
    }),
  );

  it.effect("shows how it failed, and weighs as much as it is sure that it will again", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: turnwise(true, false) } });
      yield* practised(at, 1);
      const [before] = yield* lessons(at);
      expect(before).toMatchObject({ importance: expect.closeTo(2 / 3, 4) });
      yield* practised(at, 1);
      expect(yield* lessons(at)).toMatchObject([{ importance: expect.closeTo(1 / 2, 4) }]);
      yield* practised(at, 4);
      expect(yield* lessons(at)).toMatchObject([
        {
          content:
            'The tool calculator worked 1 of 6 times with arguments of the form {"expression":string}; it failed with BadInput 5 times.',
          importance: expect.closeTo(6 / 8, 4),
        },
      ]);
      expect((yield* at.memory.open([{ row: before!, similarity: 0, relevance: 0 }])).length).toBe(0);
    }),
  );

  it.effect("is told of with what two people's arguments had in common", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({
        model: calls(["weather", { city: "Bern", units: "metric" }]),
        tools: { weather: works },
      });
      yield* practised(at, 2);
      expect((yield* lessons(at))[0]!.content).not.toContain("such as");
      at.stage.tell({ type: "NoteConsent", userId: eli, granted: true });
      yield* practised(at, 1, { authorId: userName(eli) });
      expect((yield* lessons(at))[0]!.content).toContain('such as {"city":"…","units":"metric"}');
    }),
  );

  it.effect("is learned of again when it is used after it was forgotten, and not before", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 1);
      const [learned] = yield* lessons(at);
      at.memory.forgetting.together([learned!], "faded", "it");
      at.timers.set({ id: "practice", due: 0, kind: LEARN_FROM_TOOLS, body: null });
      yield* rang(at, LEARN_FROM_TOOLS);
      expect(yield* lessons(at)).toEqual([]);
      yield* practised(at, 1);
      expect(yield* lessons(at)).toMatchObject([{ memoryId: learned!.memoryId, version: 1 }]);
    }),
  );

  it.effect("comes back with its next use when its lesson was put away", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 1);
      const { memoryId } = (yield* lessons(at))[0]!;
      at.stage.tell({ type: "ArchiveMemories", memoryIds: [memoryId] });
      yield* practised(at, 1);
      expect(yield* lessons(at)).toMatchObject([{ memoryId, state: "live", version: 2 }]);
    }),
  );

  it.effect("is told of in its owner's words once they put it so", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 1);
      const [row] = yield* lessons(at);
      const { memoryId, version, seq } = row!;
      at.stage.tell({
        ...{ type: "ReviseMemory", memoryId, version, replacesSeq: seq, kind: "procedural", basis: "observed" },
        ...{ origin: "owner", audience: "public", about: [], speaker: null, roomId: null, importance: 0.5 },
        words: words({ content: "Use the calculator for sums." }),
      });
      yield* practised(at, 1);
      expect(yield* lessons(at)).toMatchObject([{ content: "Use the calculator for sums.", version: 2 }]);
    }),
  );

  it.effect("is learned once, though the process died before its timer was put away", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* played(at, at.hear("one", "Ada, please."));
      for (let life = 0; life < 3; life++) {
        at.ring(LEARN_FROM_TOOLS);
        at.wake();
        yield* rang(at, LEARN_FROM_TOOLS);
        at.timers.set({ id: "practice", due: 0, kind: LEARN_FROM_TOOLS, body: null });
      }
      expect(at.formed("procedural")).toHaveLength(1);
    }),
  );

  it.effect("is not told of by arguments whose names may be somebody's words", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({
        model: calls(["calculator", { "my pin is 4711": 1 }]),
        tools: { calculator: works },
      });
      yield* practised(at, 1);
      expect(at.formed("procedural")).toEqual([]);
    }),
  );
});

describe("tools that work together", () => {
  it.effect("are a skill from the third time on, and its numbers follow", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(["clock", {}], sum), tools: { clock: works, calculator: works } });
      const skill = () =>
        Effect.map(lessons(at), (all) => all.filter(({ content }) => content.startsWith("One after")));
      yield* practised(at, 2);
      expect(yield* skill()).toEqual([]);
      yield* practised(at, 1);
      const [third] = yield* skill();
      expect(third).toMatchObject({
        content: expect.stringContaining("clock, calculator led to the end 3 of 3 times"),
      });
      yield* practised(at, 1);
      const [fourth] = yield* skill();
      expect(fourth).toMatchObject({ content: expect.stringContaining("4 of 4 times") });
      expect(fourth!.importance).toBeGreaterThan(third!.importance);
    }),
  );
});

describe("of what was learned", () => {
  it.effect("one lesson comes to mind, by the tools that are granted and not by words", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(["clock", {}], sum), tools: { clock: works, calculator: works } });
      yield* practised(at, 3);
      expect((yield* lessons(at)).length).toBeGreaterThan(2);
      expect(yield* reminded(at)).toEqual([expect.stringContaining("clock, calculator")]);
      granting(at, "calculator");
      expect(yield* reminded(at, "How did the tool clock do, and the form of its arguments?")).toEqual([
        expect.stringContaining("The tool calculator"),
      ]);
      granting(at, "weather");
      expect(yield* reminded(at, "How did the tool calculator do?")).toEqual([]);
    }),
  );

  it.effect("a tool that fails comes to mind before one that works", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({
        model: calls(["clock", {}], sum),
        tools: { clock: turnwise(true, true, true, true, false), calculator: works },
      });
      yield* practised(at, 4);
      expect(yield* reminded(at)).toEqual([expect.stringContaining("clock, calculator")]);
      yield* practised(at, 5);
      expect(yield* reminded(at)).toEqual([expect.stringContaining("The tool clock worked 4 of 9 times")]);
    }),
  );
});

describe("nothing is learned of a turn", () => {
  it.effect("whose asker has not agreed to be remembered", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 1, { authorId: userName(eli) });
      expect(at.formed("procedural")).toEqual([]);
    }),
  );

  it.effect("whose asker has taken consent back before it was looked at", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* played(at, at.hear("one", "Ada, please."));
      at.stage.tell({ type: "NoteConsent", userId: dana, granted: false });
      yield* rang(at, LEARN_FROM_TOOLS);
      expect(at.formed("procedural")).toEqual([]);
    }),
  );

  it.effect("while memory is off", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works }, memoryEnabled: false });
      yield* practised(at, 1);
      expect(at.stage.ran).toHaveLength(1);
      at.timers.set({ id: "practice", due: 0, kind: LEARN_FROM_TOOLS, body: null });
      yield* rang(at, LEARN_FROM_TOOLS);
      expect(at.stage.happened()).not.toContain("MemoryFormed");
    }),
  );
});
