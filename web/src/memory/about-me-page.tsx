/** What is remembered about the reader: by whom, with whose leave, and how it ends. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { ConsentView } from "#src/http/api.ts";
import { Moment } from "../parts/moment.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { AiBadge, Portrait } from "../parts/portrait.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { consentsQuery } from "../service/queries.ts";
import { ConsentChoice } from "./consent-choice.tsx";
import { EraseMe } from "./erase-me.tsx";
import { MemoriesOfMe } from "./memories-of-me.tsx";

const standing: { readonly [D in ConsentView["decision"]]: string } = {
  asked: "asked",
  granted: "may remember you since",
  refused: "keeps nothing about you since",
};

function ConsentRow({ consent }: { readonly consent: ConsentView }) {
  const name = consent.agent_name ?? "A deleted agent";
  return (
    <li className="consent-row">
      <Portrait id={consent.agent_id} name={name} kind="agent" />
      <div>
        <h3>
          {name} <AiBadge />
        </h3>
        <p className="hint">
          {consent.agent_name === null ? (
            "remembers nobody any more"
          ) : (
            <>
              {standing[consent.decision]} <Moment at={consent.at} as="exact" />
            </>
          )}
        </p>
      </div>
      {consent.agent_name !== null && <ConsentChoice consent={consent} name={name} />}
    </li>
  );
}

function Consents() {
  const consents = useQuery(consentsQuery);
  if (consents.isPending) return <Skeleton lines={3} label="Loading who may remember you" />;
  if (consents.isError) return <ProblemNotice error={consents.error} onRetry={() => void consents.refetch()} />;
  if (consents.data.length === 0)
    return (
      <EmptyState icon="question" title="Nobody has asked yet" action={<Link href="/rooms">To the rooms</Link>}>
        An agent asks when it meets you for the first time. Until you say yes it keeps nothing about you.
      </EmptyState>
    );
  return (
    <ul className="list">
      {consents.data.map((consent) => (
        <ConsentRow key={consent.agent_id} consent={consent} />
      ))}
    </ul>
  );
}

export default function AboutMePage() {
  return (
    <div className="page">
      <title>About me – Troupe</title>
      <header className="page-header">
        <div>
          <h1>What is remembered about you</h1>
          <p className="lead">
            An agent remembers you only with your yes, and forgets when you take it back. The rooms’ own logs are not an
            agent’s memory: they keep what was said there.
          </p>
        </div>
      </header>
      <section className="part" aria-labelledby="who-may">
        <h2 id="who-may">Who may remember you</h2>
        <Consents />
      </section>
      <section className="part" aria-labelledby="what-is">
        <h2 id="what-is">What they remember</h2>
        <MemoriesOfMe />
      </section>
      <section className="part" aria-labelledby="erase">
        <h2 id="erase">Erase everything about you</h2>
        <EraseMe />
      </section>
    </div>
  );
}
