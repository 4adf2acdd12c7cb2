/** What an agent remembers, for its owner: to search, to filter, to add to, to correct, to delete, and to teach. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import type { AgentView } from "#src/http/api.ts";
import { Icon } from "../parts/icon.tsx";
import { EmptyState, Skeleton } from "../parts/placeholder.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { agentQuery } from "../service/queries.ts";
import { Embedding } from "./embedding.tsx";
import { MemoryFilters } from "./memory-filters.tsx";
import { AddMemoryDialog } from "./memory-form.tsx";
import { MemoryRow, type Scores } from "./memory-row.tsx";
import {
  everything,
  foundMemories,
  isEverything,
  type Memory,
  type MemoryChoice,
  memoriesOf,
} from "./memory-service.ts";
import { TrainDialog } from "./train-dialog.tsx";
import { Training, useTraining } from "./training.tsx";

interface ListProps {
  readonly agentId: string;
  readonly name: string;
  readonly choice: MemoryChoice;
}

interface Shown {
  readonly memory: Memory;
  readonly scores?: Scores;
}

const Rows = ({ shown, name }: { readonly shown: ReadonlyArray<Shown>; readonly name: string }) => (
  <ul className="list" aria-label={`What ${name} remembers`}>
    {shown.map(({ memory, scores }) => (
      <MemoryRow key={memory.id} memory={memory} name={name} scores={scores} />
    ))}
  </ul>
);

function Listed({ agentId, name, choice }: ListProps) {
  const memories = useInfiniteQuery(memoriesOf(agentId, choice));
  const shown = memories.data?.pages.flatMap((page) => page.data.map((memory) => ({ memory }))) ?? [];
  if (memories.isPending) return <Skeleton lines={6} label="Loading memories" />;
  if (memories.isError) return <ProblemNotice error={memories.error} onRetry={() => void memories.refetch()} />;
  if (shown.length === 0)
    return isEverything(choice) ? (
      <EmptyState icon="memory" title={`${name} remembers nothing yet`}>
        It keeps what people say who let it remember them, and what you add or teach.
      </EmptyState>
    ) : (
      <EmptyState icon="memory" title="No such memories">
        Nothing that {name} remembers fits all that is chosen above.
      </EmptyState>
    );
  return (
    <>
      <Rows shown={shown} name={name} />
      {memories.hasNextPage && (
        <button type="button" disabled={memories.isFetchingNextPage} onClick={() => void memories.fetchNextPage()}>
          {memories.isFetchingNextPage ? "Loading…" : "More"}
        </button>
      )}
    </>
  );
}

function Found({ agentId, name, choice }: ListProps) {
  const found = useQuery(foundMemories(agentId, choice));
  if (found.isPending) return <Skeleton lines={6} label="Searching" />;
  if (found.isError) return <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />;
  const { results, degraded } = found.data;
  return (
    <>
      {degraded && (
        <p className="notice">
          <Icon name="warning" /> Searched by words alone: what compares meanings did not answer. Try again in a moment.
        </p>
      )}
      {results.length > 0 ? (
        <Rows shown={results.map(({ memory, ...scores }) => ({ memory, scores }))} name={name} />
      ) : (
        <EmptyState icon="search" title="Nothing found">
          {name} remembers nothing that fits “{choice.query}” and all that is chosen above.
        </EmptyState>
      )}
    </>
  );
}

const off = "Its memory is switched off: switch it on to add or teach.";

/** Nothing is found while it is off, whatever there is: the search says so, and is not made. */
const NotRecalled = ({ name }: { readonly name: string }) => (
  <EmptyState icon="search" title="Nothing is recalled">
    While its memory is off, {name} calls nothing to mind. What it keeps stands here when the search is emptied.
  </EmptyState>
);

export default function AgentMemoryPage({ id }: { readonly id: string }) {
  const found = useQuery(agentQuery(id));
  if (!found.isError) return <AgentMemory id={id} agent={found.data?.agent} />;
  return (
    <div className="page">
      <title>Memory – Troupe</title>
      <h1>Memory</h1>
      <ProblemNotice error={found.error} onRetry={() => void found.refetch()} />
    </div>
  );
}

interface AgentMemoryProps {
  readonly id: string;
  /** Undefined while it loads. */
  readonly agent: AgentView | undefined;
}

function AgentMemory({ id, agent }: AgentMemoryProps) {
  const isOff = agent?.memory_enabled === false;
  const name = agent?.name ?? "this agent";
  const [choice, setChoice] = useState(everything);
  const [dialog, setDialog] = useState<"add" | "train">();
  const training = useTraining(id);
  const close = () => setDialog(undefined);
  return (
    <div className="page">
      <title>{`Memory of ${name} – Troupe`}</title>
      <header className="page-header">
        <div>
          <h1>Memory of {name}</h1>
          <p className="lead">
            What it can call to mind, newest first. People see what is about them under <Link href="/me">About me</Link>
            . <Link href={`/agents/${id}`}>To the agent</Link>
          </p>
        </div>
        <div className="agent-actions">
          <button
            type="button"
            className="primary"
            disabled={isOff}
            title={isOff ? off : undefined}
            onClick={() => setDialog("add")}
          >
            <Icon name="add" size={16} /> Add
          </button>
          <button type="button" disabled={isOff} title={isOff ? off : undefined} onClick={() => setDialog("train")}>
            Teach
          </button>
        </div>
      </header>
      {isOff && (
        <p className="notice">
          <Icon name="warning" /> Its memory is switched off: nothing is added or taught, and what is kept here is kept,
          but not used until it is on.
        </p>
      )}
      <Training agentId={id} training={training} />
      {agent?.embedding && agent.embedding.status !== "done" && <Embedding agentId={id} embedding={agent.embedding} />}
      <MemoryFilters value={choice} onChange={(change) => setChoice({ ...choice, ...change })} />
      {choice.query === "" ? (
        <Listed agentId={id} name={name} choice={choice} />
      ) : isOff ? (
        <NotRecalled name={name} />
      ) : (
        <Found agentId={id} name={name} choice={choice} />
      )}
      {dialog === "add" && <AddMemoryDialog agentId={id} name={name} onClose={close} />}
      {dialog === "train" && <TrainDialog agentId={id} name={name} onStarted={training.begin} onClose={close} />}
    </div>
  );
}
