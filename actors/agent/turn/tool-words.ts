/** The content rules over what goes into tools and comes out of them, which is JSON as a rule; used wherever people or models get to see it. */
import { Effect, Option, Schema } from "effect";
import { type FilterContext, judge, type Verdict } from "./filter.ts";
import { type Direction, Moderator, type Toolbox } from "./ports.ts";
import { saidAmong } from "./said.ts";

/** What is recorded and shown in place of a name that no tool has: a model may put anything into a name. */
export const UNKNOWN_TOOL = "unknown";
/** What people read in place of words that may not be shown even in part. */
export const WITHHELD = "[withheld by the content rules]";

/** The name of a tool that there is. */
export const toolNamed = (toolbox: Toolbox["Service"], name: string): string =>
  toolbox.replayOf(name) === undefined ? UNKNOWN_TOOL : name;

/** Strings of JSON, and one that was cut off. It takes every quote along, or a text full of them would be read for each. */
const STRINGS = /"(?:[^"\\]|\\.)*(?:"|\\?$)/gs;
const decodeString = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.String));

/** What a string of JSON says, where that is not what is written. */
const spelledOut = (written: string): string | undefined =>
  written.includes("\\") ? Option.getOrUndefined(decodeString(written)) : undefined;

/**
 * The verdict on a tool's input or output. It is read twice, for the JSON `"\nsk-…"` has an `n` in front of the key: as it
 * is written, and string by string as it is meant. JSON stays JSON where a string is masked.
 */
export function judgeToolWords(text: string, direction: Direction, context: FilterContext): Verdict {
  const verdict = judge(text, direction, context);
  const meant = [...verdict.text.matchAll(STRINGS)].flatMap(([written]) => spelledOut(written) ?? []);
  // Nearly always there is nothing in any of them.
  if (meant.length === 0 || judge(meant.join("\n"), direction, context).action === "pass") return verdict;
  const verdicts = [verdict];
  const masked = verdict.text.replace(STRINGS, (written) => {
    const found = judge(spelledOut(written) ?? "", direction, context);
    verdicts.push(found);
    return found.action === "mask" ? JSON.stringify(found.text) : written;
  });
  const rules = [...new Set(verdicts.flatMap((each) => each.rules))];
  if (verdicts.some(({ action }) => action === "withhold")) return { action: "withhold", rules, text: "" };
  return rules.length === 0 ? verdict : { action: "mask", rules, text: masked };
}

/** Makes of a tool's input, output or error what people may see of it who talk with the agent; these messages were said. */
export const seenByPeople = Effect.fnUntraced(function* (messageSeqs: ReadonlyArray<number>) {
  const { words } = yield* Moderator;
  const context = { said: yield* saidAmong(messageSeqs), words };
  return (text: string): string => {
    const verdict = judgeToolWords(text, "out", context);
    return verdict.action === "withhold" ? WITHHELD : verdict.text;
  };
});
