/** What an agent learns of its tools by using them: said once, of remembered turns alone, and recalled one at a time. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { LEARN_FROM_TOOLS } from "#actors/agent/memory/practice.ts";
import { BadInput } from "#actors/agent/turn/failures.ts";
import { userName } from "#events/kit/ids.ts";
import { dana, eli, lobby } from "../support/given.ts";
import { type JobDesk, jobDesk, played, rang } from "../support/job-desk.ts";
import type { Script } from "../support/scripted.ts";

const works = { replay: "pure", run: () => Effect.succeed("80") } as const;
const breaks = { replay: "pure", run: () => Effect.fail(new BadInput({ detail: "no" })) } as const;
const calls = (...tools: ReadonlyArray<readonly [string, unknown]>): Script["model"] => [
  [{ calls: tools }],
  [{ says: ["Done."] }],
];
const sum: readonly [string, unknown] = ["calculator", { expression: "12.5% of 640" }];

/** So many turns with these tools, each learned from. */
const practised = Effect.fnUntraced(function* (at: JobDesk, turns: number, over: object = {}) {
  for (let n = 0; n < turns; n++) {
    yield* played(at, at.hear(`turn-${at.stage.ledger.head}`, "Ada, please.", over));
    if (at.due(LEARN_FROM_TOOLS) !== undefined) yield* rang(at, LEARN_FROM_TOOLS);
  }
});

describe("a tool that worked", () => {
  it.effect("is remembered with the form of its arguments, once, and not with what they say", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: works } });
      yield* practised(at, 2);
      expect(at.formed("procedural")).toMatchObject([
        {
          content: 'The tool calculator worked with arguments of the form {"expression":string}.',
          ...{ basis: "observed", origin: "tool", about: [], speaker: null },
        },
      ]);
      expect(JSON.stringify(at.formed("procedural"))).not.toContain("640");
      expect(at.due(LEARN_FROM_TOOLS)).toBeUndefined();
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

describe("a tool that failed", () => {
  it.effect("is remembered with the class of its failure", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(sum), tools: { calculator: breaks } });
      yield* practised(at, 2);
      expect(at.formed("procedural").map(({ content }) => content)).toEqual([
        'The tool calculator failed with BadInput on arguments of the form {"expression":string}.',
      ]);
    }),
  );
});

describe("tools that work together", () => {
  it.effect("are a skill from the third time on", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(["clock", {}], sum), tools: { clock: works, calculator: works } });
      yield* practised(at, 2);
      const skills = () => at.formed("procedural").filter(({ content }) => content?.startsWith("One after the other"));
      expect(skills()).toEqual([]);
      yield* practised(at, 2);
      expect(skills()).toMatchObject([{ content: expect.stringContaining("clock, calculator") }]);
    }),
  );

  it.effect("come to mind one lesson at a time", () =>
    Effect.gen(function* () {
      const at = yield* jobDesk({ model: calls(["clock", {}], sum), tools: { clock: works, calculator: works } });
      yield* practised(at, 3);
      expect(at.formed("procedural").length).toBeGreaterThan(2);
      const question = {
        text: "Which tool worked, calculator or clock?",
        limit: 8,
        roomId: lobby,
        asker: "",
        without: [],
      };
      const { memories: found } = yield* at.memory.recall().search(question);
      const lessons = new Set(at.formed("procedural").map(({ memoryId }) => memoryId));
      expect(found.filter(({ memoryId }) => lessons.has(memoryId))).toHaveLength(1);
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
