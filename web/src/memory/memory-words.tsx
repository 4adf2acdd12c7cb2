/** How memories are named and told on the page: kinds, origins, and the facts beneath a memory's words; used by every list of memories. */
import type { ReactNode } from "react";
import { Moment } from "../parts/moment.tsx";
import type { Memory } from "./memory-service.ts";

type Kind = Memory["memory_type"];

/** Each kind as one chooses it, and what it holds. */
export const kinds: { readonly [K in Kind]: { readonly label: string; readonly about: string } } = {
  episodic: { label: "What happened", about: "something said or done, at a time" },
  semantic: { label: "Fact", about: "something that holds" },
  procedural: { label: "How-to", about: "a way of doing something" },
  social: { label: "About people", about: "somebody’s traits, wishes and ties" },
};

export const isKind = (value: string): value is Kind => Object.hasOwn(kinds, value);

/** Why it is remembered, as a sentence without its subject. */
export const bases: { readonly [B in Memory["source"]["basis"]]: string } = {
  said: "It was said in a conversation.",
  asked: "Somebody asked for it to be remembered.",
  drawn: "It was drawn from what was said.",
  added: "The agent’s owner added it.",
  trained: "The agent’s owner taught it.",
  observed: "It was observed while tools were used.",
};

/** The ground in a sentence or two; where the owner changed the words, since when, and what it was before. */
export function Ground({ source }: { readonly source: Memory["source"] }) {
  if (source.reworded_at === null) return bases[source.basis];
  return (
    <>
      The agent’s owner put it in these words on <Moment at={source.reworded_at} as="exact" />. Before that:{" "}
      {bases[source.basis]}
    </>
  );
}

export const origins: { readonly [O in Memory["source"]["origin"]]: string } = {
  person: "a person’s words",
  agent: "an agent’s own words",
  tool: "what a tool answered",
  owner: "the owner’s words",
};

const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const score = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const listed = new Intl.ListFormat("en");

export const share = (value: number): string => percent.format(value);
export const scored = (value: number): string => score.format(value);
export const names = (ids: ReadonlyArray<string>): string => listed.format(ids);

/** Archived, merged, or no longer true: what is out of the ordinary, in a word. */
function standing(memory: Memory): ReadonlyArray<string> {
  return [
    ...(memory.state === "archived" ? ["put away"] : []),
    ...(memory.state === "merged" ? ["merged"] : []),
    ...(memory.valid_to === null ? [] : ["superseded"]),
    ...(memory.pinned ? ["pinned"] : []),
    ...(memory.sensitive ? ["sensitive"] : []),
  ];
}

export function MemoryFacts({ memory, children }: { readonly memory: Memory; readonly children?: ReactNode }) {
  return (
    <p className="facts">
      <span className="chip">{kinds[memory.memory_type].label}</span>
      {standing(memory).map((word) => (
        <span key={word} className="chip demo">
          {word}
        </span>
      ))}
      <span>importance {share(memory.importance_score)}</span>
      {memory.about.length > 0 && <span>about {names(memory.about)}</span>}
      <span>
        said <Moment at={memory.said_at} as="lately" />
      </span>
      {children}
    </p>
  );
}

/** Enough of a memory to tell which one is meant. */
export const beginningOf = (memory: Memory): string => (memory.content ?? "erased").slice(0, 60);

export const MemoryText = ({ memory }: { readonly memory: Memory }) =>
  memory.content === null ? (
    <p className="erased">These words were erased.</p>
  ) : (
    <p className="plain memory-text">{memory.content}</p>
  );
