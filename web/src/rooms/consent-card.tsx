/** Asks on behalf of the room's agents whether they may remember the reader: beside the conversation, never before it; above the composer. */
import { useQuery } from "@tanstack/react-query";
import { type MouseEvent, useState } from "react";
import { Link } from "wouter";
import type { Participant } from "#actors/room/frames.ts";
import type { ConsentView } from "#src/http/api.ts";
import { ConsentChoice } from "../memory/consent-choice.tsx";
import { Icon } from "../parts/icon.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { consentsQuery, meQuery } from "../service/queries.ts";

interface CardProps {
  readonly roomId: string;
  readonly agents: ReadonlyArray<Participant>;
}

const listed = new Intl.ListFormat("en");
const none: ReadonlySet<string> = new Set();

const withIds = (ids: ReadonlySet<string>, more: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set([...ids, ...more]);

/** What is asked here: by agents of this room, or by one that asked here and has left since. */
function useQuestions({ roomId, agents }: CardProps) {
  const consents = useQuery(consentsQuery).data ?? [];
  const [answered, setAnswered] = useState(none);
  const [closed, setClosed] = useState(none);
  const here = new Set(agents.map((agent) => agent.agent_id));
  const questions = consents.filter(
    ({ agent_id, room_id, decision, agent_name }) =>
      agent_name !== null &&
      (here.has(agent_id) || room_id === roomId) &&
      (decision === "asked" || answered.has(agent_id)) &&
      !closed.has(agent_id),
  );
  return {
    questions,
    answer: (agentId: string) => setAnswered(withIds(answered, [agentId])),
    close: () =>
      setClosed(
        withIds(
          closed,
          questions.map(({ agent_id }) => agent_id),
        ),
      ),
  };
}

/** What would be kept and for how long, in the agent's or the agents' name. */
function about(questions: ReadonlyArray<ConsentView>, names: ReadonlyArray<string>): string {
  const days = questions.map((question) => question.days ?? 0);
  const who = names.length === 1 ? `${names[0]} would keep` : "Each would keep";
  const long = new Set(days).size === 1 ? `${days[0]}` : `up to ${Math.max(...days)}`;
  return `${who} what you say where it takes part, for ${long} days, and what it learns about you from it, until that fades or you take it back.`;
}

/** Who was erased is asked nothing, and told where to come back. */
const Erased = () => (
  <output className="banner">
    You were erased: no room takes a word from you until you say that you are back. <Link href="/me">About me</Link>
  </output>
);

export function ConsentCard(props: CardProps) {
  const { questions, answer, close } = useQuestions(props);
  const isErased = (useQuery(meQuery).data?.erasure_id ?? null) !== null;
  if (isErased) return <Erased />;
  if (questions.length === 0) return null;
  const nameOf = (question: ConsentView) => question.agent_name ?? "Agent";
  const names = questions.map(nameOf);
  const open = questions.some(({ decision }) => decision === "asked");
  const shut = ({ currentTarget }: MouseEvent<HTMLButtonElement>) => {
    // The card goes with its button: who closed it by keyboard goes on where one writes, which is what stands next.
    currentTarget.closest(".room-conversation")?.querySelector<HTMLElement>("textarea")?.focus();
    close();
  };
  return (
    <div className="consents-place">
      <section className="consents" aria-labelledby="consents-title" tabIndex={-1}>
        <header>
          <h2 id="consents-title">May {listed.format(names)} remember you?</h2>
          <button
            type="button"
            className="quiet small icon-only"
            aria-label={open ? "Not now" : "Done"}
            title={open ? "Not now" : "Done"}
            onClick={shut}
          >
            <Icon name="close" size={16} />
          </button>
        </header>
        <ul>
          {questions.map((question) => (
            <li key={question.agent_id}>
              <Portrait id={question.agent_id} name={nameOf(question)} kind="agent" />
              <span className="person-name">
                {nameOf(question)} <AiBadge />
              </span>
              <ConsentChoice consent={question} name={nameOf(question)} onAnswer={() => answer(question.agent_id)} />
            </li>
          ))}
        </ul>
        <p className="hint">
          {about(questions, names)} Only you see this; you can change your answer at any time.{" "}
          <Link href="/me">What is remembered about you</Link>
        </p>
      </section>
    </div>
  );
}
