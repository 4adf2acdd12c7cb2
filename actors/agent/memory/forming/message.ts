/** What becomes of one message in an agent's memory, by rules alone and at once: used when a turn is remembered. */
import { importanceOf } from "#events/agent/memory.ts";
import type { Formed } from "../../turn/ports.ts";
import { isCommonAttribute, valueKey } from "../language/attributes.ts";
import { ownWords } from "../language/sentences.ts";
import { type Statement, statementsIn } from "../language/statements.ts";
import { stemsOf } from "../language/stems.ts";
import { isDuplicate } from "./duplicates.ts";
import { messageFormOf } from "./importance.ts";
import { requestsIn } from "./requests.ts";
import { type Sensitivity, sensitivityOf } from "./sensitivity.ts";
import { subjectKey } from "./supersession.ts";
import { wordingOf } from "./wording.ts";

/** What was said, by whom and when. */
export interface Heard {
  readonly text: string;
  readonly speaker: { readonly id: string; readonly name: string };
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** A fact with the words in which it is kept. */
export interface StatedFact extends Statement {
  /** Reads well wherever it is recalled, with the name of whom it is about: “Dana lives in Bern”. */
  readonly content: string;
  /** Whom it is about: the speaker's id, `room`, or a name folded. */
  readonly about: string;
  readonly sensitivity: ReadonlyArray<Sensitivity>;
}

/** All that one message gives to remember. */
export interface Gleaned {
  /** Of the message itself as an episodic memory, from 0 to 1. */
  readonly importance: number;
  readonly sensitivity: ReadonlyArray<Sensitivity>;
  /** What was asked to be kept, which is pinned. */
  readonly requests: ReadonlyArray<Formed & { readonly sensitivity: ReadonlyArray<Sensitivity> }>;
  readonly facts: ReadonlyArray<StatedFact>;
}

/** What a message gives to remember. Pure and total: the same message gives the same, and none makes it throw. */
export function glean({ text, speaker, at }: Heard): Gleaned {
  const requests = requestsIn(text).map((request) => ({ ...request, sensitivity: sensitivityOf(request.content) }));
  const facts = statementsIn(text, at).map((statement) => {
    const content = wordingOf(statement, speaker.name);
    return {
      ...statement,
      ...{ content, about: subjectKey(statement.subject, speaker), sensitivity: sensitivityOf(content) },
    };
  });
  return {
    importance: importanceOf(messageFormOf(text, stemsOf(ownWords(text)))),
    sensitivity: sensitivityOf(text),
    ...{ requests, facts },
  };
}

/** A memory to be formed; where it was drawn from a statement, what that does to others is for `outcomeOf` to say. */
export type Drawn = Formed & { readonly statement?: Statement };

/** What a fact that somebody stated weighs at least: more than most of what is said. */
const STATED = 0.5;

const isSensitive = (sensitivity: ReadonlyArray<Sensitivity>) => (sensitivity.length > 0 ? { sensitive: true } : {});

/** A fact as a memory. Its attribute stands in the clear where its name is the house's own and says nothing of anybody's health. */
function drawnFrom(stated: StatedFact, importance: number): Drawn {
  const { content, about, sensitivity, ...statement } = stated;
  const { attribute, value, validFrom, negated } = statement;
  const open = attribute !== undefined && isCommonAttribute(attribute) && !sensitivity.includes("health");
  return {
    ...{ kind: attribute?.endsWith(" name") ? "social" : "semantic", content, basis: "drawn", statement },
    importance: Math.max(STATED, importance),
    ...isSensitive(sensitivity),
    ...(open ? { attribute } : {}),
    ...(validFrom === undefined ? {} : { validFrom }),
    ...(attribute === undefined || negated ? {} : { fact: { subject: about, attribute, value } }),
  };
}

/** A name for whoever asks, so that what they ask for reads as a sentence. */
const ANYBODY = "Dana";

const saysTheSame = (one: Statement, other: Statement): boolean =>
  one.attribute !== undefined &&
  one.attribute === other.attribute &&
  one.negated === other.negated &&
  valueKey(one.attribute, one.value) === valueKey(one.attribute, other.value);

/**
 * The memories that a message gives beside itself: what was asked for, pinned, then the facts that this does not say already.
 * Without those of which only an old value tells what they are about (see `settled`), and those that say no more than that
 * something has changed.
 */
export function memoriesOf({ importance, requests, facts }: Gleaned): ReadonlyArray<Drawn> {
  const asked = requests.map(({ sensitivity, ...request }) => ({
    ...request,
    pinned: true,
    ...isSensitive(sensitivity),
  }));
  const drawn = facts
    .filter(({ attribute, value, formerly }) => attribute !== undefined && (value !== "" || formerly !== undefined))
    .map((stated) => drawnFrom(stated, importance));
  // “Remember that I prefer tea” asks for “prefers tea” and states a liking as well: one memory, with the statement of the second.
  const covers = (request: Formed, { content, statement }: Drawn): boolean => {
    if (statement?.subject !== "speaker") return false;
    const name = content.slice(0, Math.max(0, content.indexOf(" ")));
    const said = (text: string) => ({ text, speaker: "", saidAt: 0 });
    // “Their boat is called Nixe” is what “my boat is called Nixe” reads as, and “Dana’s boat …” is how it is drawn.
    const owned = /^their (.+)$/s.exec(request.content)?.[1];
    if (isDuplicate(said(`${name} ${owned ?? request.content}`), said(content))) return true;
    const [asked, ...more] = statementsIn(owned === undefined ? `${ANYBODY} ${request.content}` : `My ${owned}`, 0);
    return more.length === 0 && asked !== undefined && saysTheSame(asked, statement);
  };
  const merged = asked.map((request) => {
    const same = drawn.find((one) => covers(request, one));
    return same === undefined ? request : { ...same, ...request };
  });
  return [...merged, ...drawn.filter((one) => !asked.some((request) => covers(request, one)))];
}
