/** The content filter: one verdict over a whole text, or over prose as it comes; used by the steps that show, post or send words. */
import { Duration, Effect } from "effect";
import type { ContentVerdict, Finding, Opinion } from "#events/agent/verdict.ts";
import { isTransient, ModerationFailure, Stalled } from "./failures.ts";
import { type Action, lastSeam, type Rule, rules } from "./filter-rules.ts";
import { type Normalised, normalise, UNSPACED } from "./filter-text.ts";
import { type Direction, Moderator } from "./ports.ts";
import { moderation as moderationRetries } from "./schedules.ts";

/** Raise it when a rule changes: verdicts on record belong to one version. */
export const POLICY_VERSION = 1;

/** What the filter says of a text. */
export interface Verdict {
  readonly action: Action;
  /** The rules that made it so, in the order of the text, each once. Names only: a verdict is stored in the open. */
  readonly rules: ReadonlyArray<string>;
  /** What may be shown or sent on: as written, or with markers in it, or empty when it is withheld. */
  readonly text: string;
}

/** The same after a provider's moderation was asked; null where none is configured. */
export interface Moderated extends Verdict {
  readonly moderation: Opinion | null;
}

/** What a verdict found, as an event has it: all but the words. */
export const findingOf = ({ action, rules: named, moderation }: Omit<Moderated, "text">): Finding => ({
  action,
  ...(named.length > 0 && { rules: named }),
  ...(moderation !== null && { moderation }),
});

/** The same with the version of the rules, where the event has none of its own. */
export const onRecord = (verdict: Omit<Moderated, "text">): ContentVerdict => ({
  ...findingOf(verdict),
  policyVersion: POLICY_VERSION,
});

/** What a verdict depends on besides the text. */
export interface FilterContext {
  /**
   * Texts whose contact and payment data an agent may say again: what people said in this conversation, and the
   * instructions of its owner. Nothing that came from a tool or from elsewhere.
   */
  readonly said: ReadonlyArray<string>;
  readonly words: Moderator["Service"]["words"];
}

/** A provider that has no opinion after this long has none; people are waiting for the reply. */
const MODERATION_BOX = Duration.seconds(10);
/** What a verdict names when the provider could not be asked. */
export const MODERATION_UNAVAILABLE = "moderation-unavailable";

/**
 * People may swear, and a model may be told that they did. An agent speaks in its owner's name to whoever is there: a
 * reply with a listed word in it is not mended by leaving out the word.
 */
const wordsAre: Readonly<Record<Direction, Action>> = { in: "pass", out: "withhold" };

// ── one verdict ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** A stretch of the normalised text that a rule has found. */
interface Claim {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
  readonly action: Action;
  readonly marker: string;
}

/** Values by rule, in the form in which equal values are equal. */
type Values = ReadonlySet<string>;
const keyOf = (rule: Rule, value: string): string => `${rule.name} ${value}`;

function valuesIn(texts: ReadonlyArray<string>): Values {
  const values = new Set<string>();
  for (const { text } of texts.map(normalise))
    for (const rule of rules)
      if (rule.personal)
        for (const { readings } of rule.find(text)) for (const { value } of readings) values.add(keyOf(rule, value));
  return values;
}

/** The same when they are asked for: most of what is said holds nothing that they could excuse. */
function valuesOf(texts: ReadonlyArray<string>): () => Values {
  let values: Values | undefined;
  return () => {
    values ??= valuesIn(texts);
    return values;
  };
}

/** What one rule finds. Where a reading is known to those who speak here, that one is meant, and it passes. */
function claimsOf(rule: Rule, text: string, direction: Direction, known: () => Values): ReadonlyArray<Claim> {
  const claims: Claim[] = [];
  for (const { start, readings } of rule.find(text)) {
    if (start < (claims.at(-1)?.end ?? 0)) continue;
    const said = rule.personal ? readings.find(({ value }) => known().has(keyOf(rule, value))) : undefined;
    const { end } = said ?? readings[0]!;
    const action = said === undefined ? rule[direction] : "pass";
    claims.push({ start, end, rule: rule.name, action, marker: rule.marker });
  }
  return claims;
}

/** The text with what was claimed out of sight; NUL belongs to no pattern. */
function without(text: string, claims: ReadonlyArray<Claim>): string {
  let left = "";
  let at = 0;
  for (const { start, end } of claims) {
    left += text.slice(at, start) + "\0".repeat(end - start);
    at = end;
  }
  return left + text.slice(at);
}

function claimsIn(text: string, direction: Direction, known: () => Values): ReadonlyArray<Claim> {
  let left = text;
  return rules.flatMap((rule) => {
    const claims = claimsOf(rule, left, direction, known);
    if (claims.length > 0) left = without(left, claims);
    return claims.filter(({ action }) => action !== "pass");
  });
}

const ANY_UNSPACED = new RegExp(`[${UNSPACED}]+`, "gu");

/** Listed words; none may hold a letter of a script without blanks, behind each of which prose may be cut. */
function listedIn(text: string, direction: Direction, words: FilterContext["words"]): ReadonlyArray<Claim> {
  const action = wordsAre[direction];
  if (action === "pass") return [];
  const spaced = text.replace(ANY_UNSPACED, (letters) => "\0".repeat(letters.length));
  return words(spaced).map((word) => ({ ...word, action, marker: "" }));
}

/** The text as written, with markers for what is masked. */
function masked(written: string, { from, to }: Normalised, claims: ReadonlyArray<Claim>): string {
  let text = "";
  let at = 0;
  for (const { start, end, marker } of claims) {
    text += written.slice(at, from(start)) + marker;
    at = to(end);
  }
  return text + written.slice(at);
}

function verdictOn(written: string, direction: Direction, words: FilterContext["words"], known: () => Values): Verdict {
  const normalised = normalise(written);
  const { text } = normalised;
  const claims = [...claimsIn(text, direction, known), ...listedIn(text, direction, words)].sort(
    (one, other) => one.start - other.start,
  );
  const named = [...new Set(claims.map(({ rule }) => rule))];
  if (claims.some((claim) => claim.action === "withhold")) return { action: "withhold", rules: named, text: "" };
  if (claims.length === 0) return { action: "pass", rules: [], text: written };
  return { action: "mask", rules: named, text: masked(written, normalised, claims) };
}

/** The verdict on a whole text, by rules and words alone. */
export const judge = (text: string, direction: Direction, { said, words }: FilterContext): Verdict =>
  verdictOn(text, direction, words, valuesOf(said));

// ── prose as it comes ───────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Without a seam in so many characters (a private key is longer, so is a word spelled out for no good reason), the next
 * look waits until half as much again is there: however a text is cut, each character is looked at a few times only.
 */
const HELD_FREELY = 320;
const HELD_GROWS = 1.5;

/**
 * Prose on its way to people. What is judged is the joined text, however it is cut into pieces: only what stands in front
 * of the last seam is let go, and what may still grow into a match is held. What was shown and the rest together are what
 * `judge` says of the whole. Once a piece is withheld, nothing more is shown.
 */
export class FilteredStream {
  readonly #verdictOn: (text: string) => Verdict;
  readonly #rules = new Set<string>();
  #action: Action = "pass";
  #shown = "";
  #held = "";
  /** How much is held when it is looked through for a seam again. */
  #lookAt = 0;

  constructor(direction: Direction, { said, words }: FilterContext) {
    const known = valuesOf(said);
    this.#verdictOn = (text) => verdictOn(text, direction, words, known);
  }

  /** The rules that kept it back, once they did; empty while it may be shown. */
  get withheld(): ReadonlyArray<string> {
    return this.#action === "withhold" ? [...this.#rules] : [];
  }

  /** Takes the next piece; answers what may be shown now, often nothing. */
  push(delta: string): string {
    if (delta === "" || this.#action === "withhold") return "";
    this.#held += delta;
    if (this.#held.length < this.#lookAt) return "";
    const { text, from } = normalise(this.#held);
    const seam = from(lastSeam(text));
    this.#lookAt = seam > 0 || this.#held.length < HELD_FREELY ? 0 : this.#held.length * HELD_GROWS;
    return this.#release(seam);
  }

  /** The prose has ended: what is left to show, and the verdict on all of it. */
  finish(): { readonly rest: string; readonly verdict: Verdict } {
    return { rest: this.#release(this.#held.length), verdict: this.verdict };
  }

  /** The verdict on what was looked at so far. */
  get verdict(): Verdict {
    const text = this.#action === "withhold" ? "" : this.#shown;
    return { action: this.#action, rules: [...this.#rules], text };
  }

  #release(end: number): string {
    if (end === 0 || this.#action === "withhold") return "";
    const { action, rules: named, text } = this.#verdictOn(this.#held.slice(0, end));
    this.#held = this.#held.slice(end);
    for (const rule of named) this.#rules.add(rule);
    if (action !== "pass") this.#action = action;
    this.#shown += text;
    return text;
  }
}

// ── with a provider's opinion ───────────────────────────────────────────────────────────────────────────────────────

/**
 * The verdicts on whole texts by rules, words and the provider's moderation, which gets to see only what the rules let
 * through, all in one request. It fails closed for agents: without an opinion an agent keeps silent. People are let through,
 * with the rule named, for they can be heard without a provider; and what it flags of theirs is named, not withheld:
 * somebody who writes of harming themselves must get an answer.
 */
export const moderateAll = Effect.fnUntraced(function* (
  texts: ReadonlyArray<string>,
  direction: Direction,
  { said }: Pick<FilterContext, "said">,
): Effect.fn.Return<ReadonlyArray<Moderated>, never, Moderator> {
  const { words, provider } = yield* Moderator;
  const verdicts = texts.map((text) => judge(text, direction, { said, words }));
  if (provider === null) return verdicts.map((verdict) => ({ ...verdict, moderation: null }));
  const asked = verdicts.filter(({ text }) => text.trim() !== "");
  const answers = asked.length === 0 ? [] : yield* opinionsOn(asked.map(({ text }) => text));
  const concernsOf = new Map(asked.map((verdict, index) => [verdict, answers[index]!]));
  return verdicts.map((verdict) => withOpinion(verdict, direction, provider, concernsOf.get(verdict)));
});

/** The same for one text. */
export const moderate = (text: string, direction: Direction, context: Pick<FilterContext, "said">) =>
  Effect.map(moderateAll([text], direction, context), ([verdict]) => verdict!);

/** What the provider has against each of these texts, by the names that verdicts have for it. */
const opinionsOn = Effect.fnUntraced(function* (texts: ReadonlyArray<string>) {
  const { check } = yield* Moderator;
  return yield* check(texts).pipe(
    Effect.retry({ ...moderationRetries, while: isTransient }),
    Effect.timeoutOrElse({ duration: MODERATION_BOX, orElse: () => Effect.fail(tooSlow()) }),
    Effect.map((flagged) => flagged.map((categories) => categories.map((category) => `moderation/${category}`))),
    Effect.catchTag("ModerationFailure", () => Effect.succeed(texts.map(() => [MODERATION_UNAVAILABLE]))),
  );
});

/** A verdict with what the provider has against the text; undefined where it was not asked about it. */
function withOpinion(
  verdict: Verdict,
  direction: Direction,
  provider: string,
  concerns: ReadonlyArray<string> | undefined,
): Moderated {
  if (concerns === undefined) return { ...verdict, moderation: { provider, outcome: "not-asked" } };
  if (concerns.length === 0) return { ...verdict, moderation: { provider, outcome: "passed" } };
  const outcome = concerns.includes(MODERATION_UNAVAILABLE) ? "failed" : "flagged";
  const moderated = { ...verdict, rules: [...verdict.rules, ...concerns], moderation: { provider, outcome } } as const;
  return direction === "out" ? { ...moderated, action: "withhold", text: "" } : moderated;
}

const tooSlow = (): ModerationFailure =>
  new ModerationFailure({ provider: "any", reason: new Stalled({ silentMs: Duration.toMillis(MODERATION_BOX) }) });
