/** What an agent learns of its tools: how often a tool with such arguments worked, which arguments, which tools lead to something together, and which lesson helps most; used by practice.ts and lessons.ts. */
import { noTally, type Tally, tallied, tallyAt, wilsonLower, worksAgain } from "#events/agent/memory.ts";

/** One use of a tool, as events tell it. */
export interface ToolUse {
  readonly turnId: string;
  readonly tool: string;
  readonly arguments: unknown;
  readonly worked: boolean;
  /** The class of the error, such as `Timeout`, where it did not. */
  readonly error?: string;
  readonly at: number;
}

const DEEPEST = 3;
const MOST_KEYS = 24;

/** Which arguments there are and of what type, without what they say: `{"city":"string","days":"number"}`. */
export function shapeOf(value: unknown, depth = 0): string {
  if (value === null) return "null";
  if (Array.isArray(value))
    return depth >= DEEPEST
      ? "list"
      : `[${[...new Set(value.slice(0, MOST_KEYS).map((one) => shapeOf(one, depth + 1)))].toSorted().join("|")}]`;
  if (typeof value !== "object") return typeof value;
  if (depth >= DEEPEST) return "object";
  const keys = Object.keys(value).toSorted().slice(0, MOST_KEYS);
  return `{${keys.map((key) => `${JSON.stringify(key)}:${shapeOf((value as Record<string, unknown>)[key], depth + 1)}`).join(",")}}`;
}

/** What is known of one tool with arguments of one shape. */
export interface Experience {
  readonly tool: string;
  readonly shape: string;
  readonly tally: Tally;
  /** What the arguments that worked have in common, their other values left out as `…`; undefined before the first success. */
  readonly template: unknown;
  readonly successes: number;
  /** What it failed with, and how often. */
  readonly failures: ReadonlyMap<string, number>;
}

export const noExperience = (tool: string, shape: string): Experience => ({
  ...{ tool, shape, tally: noTally, template: undefined, successes: 0, failures: new Map() },
});

/** Stands for a value that differs from use to use, or that may be somebody's own words. */
const OPEN = "…";
/** Words of a choice, such as `metric`, and numbers and truth values: what is longer is what somebody said. */
const isChoice = (value: unknown): boolean =>
  typeof value === "number" ||
  typeof value === "boolean" ||
  value === null ||
  (typeof value === "string" && /^[a-z][a-z0-9_-]{0,15}$/.test(value));

/** What two sets of arguments of one shape have in common. */
function common(left: unknown, right: unknown, depth = 0): unknown {
  if (left === right && isChoice(left)) return left;
  if (
    typeof left !== "object" ||
    typeof right !== "object" ||
    left === null ||
    right === null ||
    Array.isArray(left) ||
    depth >= DEEPEST
  )
    return OPEN;
  const keys = Object.keys(left)
    .filter((key) => Object.hasOwn(right, key))
    .slice(0, MOST_KEYS);
  return Object.fromEntries(
    keys.map((key) => [
      key,
      common((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key], depth + 1),
    ]),
  );
}

/** What is known after one more use of the same tool and shape. */
export function experienced(known: Experience, use: ToolUse): Experience {
  const tally = tallied(known.tally, use.worked, use.at);
  if (use.worked) {
    const template = common(known.successes === 0 ? use.arguments : known.template, use.arguments);
    return { ...known, tally, template, successes: known.successes + 1 };
  }
  const error = use.error ?? "Unknown";
  const failures = new Map(known.failures).set(error, (known.failures.get(error) ?? 0) + 1);
  return { ...known, tally, failures };
}

/** How probably the tool works again at a moment (see `worksAgain`). */
export const prospects = ({ tally }: Experience, now: number): number => worksAgain(tallyAt(tally, now));

/** Tools that were used one after the other in a turn, and how often it ended well. */
export interface Skill {
  readonly tools: ReadonlyArray<string>;
  readonly successes: number;
  readonly tries: number;
  /** Wilson's lower bound of its share of successes. */
  readonly rank: number;
}

const SHORTEST = 2;
const LONGEST = 4;
/** Seen so often with success, a sequence is a skill: memory.md § 6, procedural. */
const ENOUGH = 3;

/** The runs of two to four tools in a turn, each once however often it comes. */
function* runsOf(uses: ReadonlyArray<ToolUse>): Generator<readonly [run: ReadonlyArray<string>, worked: boolean]> {
  const seen = new Map<string, readonly [ReadonlyArray<string>, boolean]>();
  for (let length = SHORTEST; length <= LONGEST; length++)
    for (let start = 0; start + length <= uses.length; start++) {
      const run = uses.slice(start, start + length);
      const tools = run.map(({ tool }) => tool);
      const key = JSON.stringify(tools);
      const worked = run.every((use) => use.worked);
      seen.set(key, [tools, worked || (seen.get(key)?.[1] ?? false)]);
    }
  yield* seen.values();
}

/**
 * The sequences of tools that worked in three turns or more, the surest first, of equals the longer one. A sequence that is only
 * ever part of a longer skill is left out.
 */
export function skillsIn(uses: ReadonlyArray<ToolUse>): ReadonlyArray<Skill> {
  const turns = Map.groupBy(uses, ({ turnId }) => turnId);
  const found = new Map<string, { tools: ReadonlyArray<string>; successes: number; tries: number }>();
  for (const turn of turns.values())
    for (const [tools, worked] of runsOf(turn.toSorted((left, right) => left.at - right.at))) {
      const key = JSON.stringify(tools);
      const known = found.get(key) ?? { tools, successes: 0, tries: 0 };
      found.set(key, { tools, successes: known.successes + (worked ? 1 : 0), tries: known.tries + 1 });
    }
  const skills = [...found.values()].filter(({ successes }) => successes >= ENOUGH);
  const within = (part: ReadonlyArray<string>, whole: ReadonlyArray<string>): boolean =>
    part.length < whole.length && whole.some((_, start) => part.every((tool, index) => whole[start + index] === tool));
  return skills
    .filter(({ tools, tries }) => !skills.some((other) => other.tries >= tries && within(tools, other.tools)))
    .map((skill) => ({ ...skill, rank: wilsonLower(skill.successes, skill.tries) }))
    .toSorted((left, right) => right.rank - left.rank || right.tools.length - left.tools.length);
}

/** What of a lesson says whether it helps: its tools, and how often they worked and failed. */
export interface Practice {
  readonly tools: ReadonlyArray<string>;
  readonly worked: number;
  readonly failed: number;
}

/** What fails more often than not is good to know before all else; then how tools go together; then what is known of one. */
const urgency = ({ tools, worked, failed }: Practice): number => (failed > worked ? 2 : tools.length > 1 ? 1 : 0);

/**
 * The one lesson to be reminded of when these tools are at hand, of equals the first: two help less than one (ReasoningBank in
 * memory.md § 6). Only one of which every tool is granted is of use.
 */
export const lessonFor = <A extends Practice>(
  lessons: ReadonlyArray<A>,
  granted: ReadonlyArray<string>,
): A | undefined =>
  lessons
    .filter(({ tools }) => tools.every((tool) => granted.includes(tool)))
    .toSorted((left, right) => urgency(right) - urgency(left))[0];
