/** Every tool there is, and the port over them; bound in src/worker.ts, listed by `GET /api/tools`. */
import { Effect, Layer } from "effect";
import { BadInput, ToolFailure } from "#actors/agent/turn/failures.ts";
import { Toolbox } from "#actors/agent/turn/ports.ts";
import { calculator } from "./information/calculator.ts";
import { timeDate } from "./information/time-date.ts";
import type { Tool } from "./tool.ts";

/** All tools, in the order in which they are shown. */
export const shelf: ReadonlyArray<Tool> = [calculator, timeDate];

/** The port over some tools. */
export function makeToolbox(tools: ReadonlyArray<Tool>): Toolbox["Service"] {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  return {
    describe: (names) =>
      names.flatMap((name) => {
        const tool = byName.get(name);
        return tool === undefined ? [] : [{ name, description: tool.description, input: tool.input }];
      }),
    replayOf: (name) => byName.get(name)?.replay,
    run: (name, input, caller) =>
      byName.get(name)?.run(input, caller) ??
      Effect.fail(new ToolFailure({ tool: name, reason: new BadInput({ detail: "There is no tool of that name." }) })),
  };
}

/** The port over the whole shelf. */
export const toolboxLayer: Layer.Layer<Toolbox> = Layer.succeed(Toolbox, makeToolbox(shelf));

/** The shelf as people and other programs are told of it. */
export const toolCatalogue = shelf.map(({ name, description, family, permission, replay, input }) => ({
  name,
  description,
  family,
  permission,
  replay,
  input_schema: input,
}));
