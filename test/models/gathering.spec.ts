/** How much a reply may be: what is gathered at its largest can be kept, as an event and as a draft, and a byte more is none. */
import { describe, expect, it } from "@effect/vitest";
import { Clock, Effect, Redacted, Result } from "effect";
import { MAX_EVENT_BYTES } from "#actors/kit/plan.ts";
import { agent } from "#events/agent/decide.ts";
import { type AgentEvent, ModelReplied, ReplyDrafted } from "#events/agent/events.ts";
import { limits } from "#events/agent/turn.ts";
import { agentName } from "#events/kit/ids.ts";
import { Gathering, LONGEST_TOOL_NAME, MOST_PROSE, MOST_WRITTEN } from "#src/models/gathering.ts";
import { Progress } from "#src/models/watch.ts";
import { ada, callId, drafted, replied, turnId } from "../support/given.ts";
import { accepted, metaFor, open } from "../support/ledger-fixture.ts";
import { nodeSql } from "../support/sqlite.ts";

/** Characters that JSON and UTF-8 make more of, and what one of them costs in an event. */
const alphabets = [
  ["letters", "x", 1],
  ["quotes", '"', 2],
  ["characters of three bytes", "好", 3],
  ["pairs", "😀", 4],
  ["control characters", "\u0001", 6],
] as const;

/** As many calls as a reply may have, under the longest names, with all the prose and all the arguments there may be of one character. */
function largest(character: string, bytes: number) {
  const gathering = new Gathering(new Progress(Effect.runSync(Clock.Clock)));
  const name = character.repeat(LONGEST_TOOL_NAME / character.length);
  const calls = Array.from({ length: limits.calls }, (_, index) => gathering.begin(`call_${index}`));
  for (const call of calls) {
    gathering.extend(call, name, "");
    gathering.extend(call, "", character.repeat((MOST_WRITTEN - MOST_PROSE) / limits.calls / bytes));
  }
  gathering.say(character.repeat(MOST_PROSE / bytes));
  return { gathering, call: calls[0]! };
}

/** Commits an event to a log of an agent, past every decision but the log's own. */
const keep = (event: AgentEvent) =>
  open({ ...agent, decide: () => Result.succeed([event]) }, nodeSql()).commit({
    ...{ type: "EndTurn", turnId: turnId("one"), attempt: 1 },
    meta: metaFor("keep", agentName(ada)),
  });

describe("the largest reply", () => {
  it.each(alphabets)("of %s is one event", (_what, character, bytes) => {
    const { text, calls } = largest(character, bytes).gathering.end("tools");
    const asked = calls.map(({ tool }, index) => ({ callId: callId(`${index}`), tool, argsHash: "f".repeat(64) }));
    const inputs = Object.fromEntries(asked.map((each, index) => [each.callId, calls[index]!.arguments]));
    const counts = { tokensIn: 1e9, tokensOut: 1e9, microUsd: 1e9, model: "m".repeat(200) };
    const { open: said } = replied("one", { calls: asked, ...counts });
    const event = ModelReplied(said, agentName(ada), Redacted.make({ text, arguments: inputs }));
    const size = Buffer.byteLength(JSON.stringify([text, inputs]));
    expect([size > MOST_WRITTEN, size < MAX_EVENT_BYTES]).toEqual([true, true]);
    accepted(keep(event));
  });

  it.each(alphabets)("of %s is one draft, with as much again of another round", (_what, character, bytes) => {
    const { text } = largest(character, bytes).gathering.end("length");
    const { open: said } = drafted("one");
    accepted(keep(ReplyDrafted(said, agentName(ada), Redacted.make({ text: `${text}\n\n${text}` }))));
  });

  it.each(alphabets)("of %s takes no more prose, no more arguments and no longer name", (_what, character, bytes) => {
    const begun = { _tag: "Garbled", begun: true };
    const more = [
      ({ gathering }) => gathering.say(character.repeat(6)),
      ({ gathering, call }) => gathering.extend(call, "", character.repeat(192)),
      ({ gathering, call }) => gathering.extend(call, "x", ""),
    ] satisfies ReadonlyArray<(filled: ReturnType<typeof largest>) => void>;
    for (const one of more) {
      let thrown: unknown;
      try {
        one(largest(character, bytes));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toMatchObject(begun);
    }
  });
});
