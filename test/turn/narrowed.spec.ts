/** A context that somebody came into: what they may not hear leaves it before a model is asked again. */
import { expect, it } from "@effect/vitest";
import { Effect } from "effect";
import type { Remembered } from "#actors/agent/turn/ports.ts";
import { rebuildPrompt } from "#actors/agent/turn/transcript.ts";
import { Stage } from "../support/scripted.ts";

const prose = { says: ["It is noon."] };

const played = (stage: Stage, label: string) => stage.run(stage.hear(label));
const rebuilt = (stage: Stage, seq: number, round?: number) =>
  Effect.map(stage.perform(rebuildPrompt(seq, round)), (found) => found!);

it.effect("has no memory that somebody who came in meanwhile may not hear, and that is on record", () =>
  Effect.gen(function* () {
    const recall: Remembered[] = [];
    let alone = true;
    // Somebody comes in while the tool of the second turn runs.
    const comeIn = () => {
      alone = recall.length === 0;
      return "noon";
    };
    const stage = new Stage({
      model: [[{ says: ["Let me see."], calls: [["clock", {}]] }], [prose]],
      tools: {
        clock: { replay: "pure", run: () => Effect.sync(comeIn) },
      },
      forms: () => [
        { kind: "semantic", content: "likes tea.", importance: 0.5, basis: "asked", ofSpeaker: true } as const,
      ],
      recall,
      tellable: (seqs) => (alone ? seqs : []),
    });
    yield* played(stage, "one");
    const formed = stage.events().find(({ type }) => type === "MemoryFormed")!;
    recall.push({
      memoryId: (formed.open as { memoryId: Remembered["memoryId"] }).memoryId,
      ...{ seq: formed.seq, content: "Dana likes tea.", until: null },
    });
    yield* played(stage, "two");
    expect(stage.asked[2]?.system).toContain("Dana likes tea.");
    expect(stage.asked[3]?.system).not.toContain("tea");
    expect(stage.only("ContextNarrowed").memorySeqs).toEqual([formed.seq]);
    // The first round was written with it: the answer may say the same, and goes with it.
    const answer = stage.events().findLast(({ type }) => type === "MemoryFormed")!;
    expect(answer.open).toMatchObject({
      basis: "said",
      origin: "agent",
      sourceSeqs: expect.arrayContaining([formed.seq]),
    });
    const context = stage.events().filter(({ type }) => type === "ContextAssembled")[1]!.seq;
    expect((yield* rebuilt(stage, context)).prompt).toEqual(stage.asked[2]);
    const second = yield* rebuilt(stage, context, 2);
    expect(second.prompt).toEqual(stage.asked[3]);
  }),
);
