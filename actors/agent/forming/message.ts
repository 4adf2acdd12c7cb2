/** What becomes of one message in an agent's memory, by rules alone and at once: used when a turn is remembered. */
import { importanceOf } from "#events/agent/memory.ts";
import type { Kinship } from "../language/people.ts";
import { ownWords } from "../language/sentences.ts";
import { type Statement, statementsIn, type Topic } from "../language/statements.ts";
import { stemsOf } from "../language/stems.ts";
import type { Formed } from "../turn/ports.ts";
import { type Commonness, formOf } from "./importance.ts";
import { form } from "./requests.ts";
import { type Sensitivity, sensitivityOf } from "./sensitivity.ts";
import { isThanks, kinOf } from "./social.ts";
import { subjectKey } from "./supersession.ts";
import { wordingOf } from "./wording.ts";

/** What was said, by whom and when. */
export interface Heard {
  readonly text: string;
  readonly speaker: { readonly id: string; readonly name: string };
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What was spoken of last, which “it” may stand for. */
  readonly topic?: Topic;
  /** How common words are in the agent's store, where that is known. */
  readonly common?: Commonness;
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
  readonly kin: ReadonlyArray<Kinship>;
  readonly thanks: boolean;
}

/** What a message gives to remember. Pure and total: the same message gives the same, and none makes it throw. */
export function glean({ text, speaker, at, topic, common }: Heard): Gleaned {
  const requests = form({ text }).map((request) => ({ ...request, sensitivity: sensitivityOf(request.content) }));
  const facts = statementsIn(text, at, topic).map((statement) => {
    const content = wordingOf(statement, speaker.name);
    return {
      ...statement,
      ...{ content, about: subjectKey(statement.subject, speaker), sensitivity: sensitivityOf(content) },
    };
  });
  const said = ownWords(text);
  return {
    importance: importanceOf(formOf(text, common, stemsOf(said))),
    sensitivity: sensitivityOf(text),
    ...{ requests, facts, kin: kinOf(text), thanks: isThanks(text) },
  };
}
