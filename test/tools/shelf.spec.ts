/** What every tool gets from `defineTool`, and what the shelf tells of it. */
import { describe, expect, it } from "@effect/vitest";
import { Deferred, Effect, Fiber, Schema } from "effect";
import { TestClock } from "effect/testing";
import { Remote, type ToolReason } from "#actors/agent/turn/failures.ts";
import { Toolbox } from "#actors/agent/turn/ports.ts";
import { makeToolbox, shelf, toolboxLayer, toolCatalogue } from "#src/tools/shelf.ts";
import { defineTool } from "#src/tools/tool.ts";

const caller = { agentId: "agt_1", turnId: "trn_1", roomId: "rm_1", key: "call_1" };

const echo = (
  run: (input: { word: string; times?: number }, key: string) => Effect.Effect<unknown, ToolReason>,
  name = "echo",
) =>
  defineTool({
    name,
    description: "Says it again.",
    family: "communication",
    permission: "ask",
    replay: "idempotent",
    timeoutMs: 1_000,
    input: Schema.Struct({
      word: Schema.String.check(Schema.isMaxLength(10)).annotate({ description: "What to say." }),
      times: Schema.optionalKey(Schema.Int),
    }),
    run: (input, { key }) => run(input, key),
  });

const plain = echo(({ word, times = 1 }, key) => Effect.succeed({ said: word.repeat(times), key }));
const reasonOf = (input: string, tool = plain) =>
  Effect.map(Effect.flip(tool.run(input, caller)), ({ reason }) => reason);

describe("a tool", () => {
  it.effect("takes the model's text, gives JSON text back, and knows who asks", () =>
    Effect.gen(function* () {
      expect(yield* plain.run('{"word":"ho","times":2}', caller)).toBe('{"said":"hoho","key":"call_1"}');
    }),
  );

  it.each(["Echo", "écho", "", "unknown"])("may not be named “%s”", (name) => {
    expect(() => echo(() => Effect.void, name)).toThrow("no name for a tool");
  });

  it("is described by the schema it decodes with, unknown fields forbidden", () => {
    expect(plain.input).toMatchObject({
      type: "object",
      properties: { word: { type: "string", maxLength: 10, description: "What to say." }, times: { type: "integer" } },
      required: ["word"],
      additionalProperties: false,
    });
  });

  it.effect.each<[string, string]>([
    ['{"word":"a"', "JSON"],
    ["", "JSON"],
    ["[]", "object"],
    ["null", "object"],
    ['{"times":1}', "word"],
    ['{"word":1}', "word"],
    ['{"word":"a","more":true}', "more"],
    ['{"word":"a","times":1.5}', "times"],
    [`{"word":"${"a".repeat(70_000)}"}`, "too long"],
  ])("refuses %s in words that name the fault and not the value", ([input, named]) =>
    Effect.gen(function* () {
      const reason = yield* reasonOf(input);
      expect(reason._tag).toBe("BadInput");
      expect((reason as { detail: string }).detail).toContain(named);
      expect((reason as { detail: string }).detail).not.toContain("aaaa");
    }),
  );

  it.effect("is stopped when its time is up", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>();
      const slow = echo(() => Effect.andThen(Deferred.succeed(started, undefined), Effect.never));
      const fiber = yield* Effect.forkChild(reasonOf('{"word":"a"}', slow));
      yield* Deferred.await(started);
      yield* TestClock.adjust("1 second");
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "Timeout", afterMs: 1_000 });
    }),
  );

  it.effect("carries no more than 64 KiB home, counted in bytes", () =>
    Effect.gen(function* () {
      const wide = echo(() => Effect.succeed("é".repeat(33_000)));
      expect(yield* reasonOf('{"word":"a"}', wide)).toMatchObject({ _tag: "TooLarge", bytes: 66_002 });
      const fits = echo(() => Effect.succeed("e".repeat(65_000)));
      expect((yield* fits.run('{"word":"a"}', caller)).length).toBe(65_002);
    }),
  );

  it.effect("fails under its own name, whatever the reason", () =>
    Effect.gen(function* () {
      const broken = echo(() => Effect.fail(new Remote({ detail: "gone" })));
      expect(yield* Effect.flip(broken.run('{"word":"a"}', caller))).toMatchObject({
        tool: "echo",
        reason: { detail: "gone" },
      });
    }),
  );
});

describe("the shelf", () => {
  it.effect("describes the tools it has, in the order asked for, and passes over the others", () =>
    Effect.gen(function* () {
      const toolbox = yield* Toolbox;
      expect(toolbox.describe(["time_date", "nonsense", "calculator"]).map(({ name }) => name)).toEqual([
        "time_date",
        "calculator",
      ]);
      expect(toolbox.replayOf("calculator")).toBe("pure");
      expect(toolbox.replayOf("nonsense")).toBeUndefined();
      expect(yield* toolbox.run("calculator", '{"expression":"1+1"}', caller)).toBe('{"value":2}');
      expect((yield* Effect.flip(toolbox.run("nonsense", "{}", caller))).reason._tag).toBe("BadInput");
    }).pipe(Effect.provide(toolboxLayer)),
  );

  it("holds each name once, and tells of every tool what `GET /api/tools` promises", () => {
    expect(new Set(shelf.map(({ name }) => name)).size).toBe(shelf.length);
    expect(makeToolbox(shelf).describe(shelf.map(({ name }) => name))).toHaveLength(shelf.length);
    for (const tool of toolCatalogue) {
      expect(tool).toMatchObject({
        name: expect.stringMatching(/^[a-z_]+$/),
        description: expect.stringMatching(/\.$/),
        permission: expect.stringMatching(/^(allow|ask)$/),
        input_schema: { type: "object", additionalProperties: false },
      });
    }
  });
});
